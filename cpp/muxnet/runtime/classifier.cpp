#include "muxnet/runtime/classifier.hpp"

namespace muxnet {

void Classifier::begin(const Tensor& images, double, const Done& done) {
  Answered found;
  try {
    found.answers = answer(images);
  } catch (...) {
    found.failure = std::current_exception();
  }
  done(std::move(found));
}

}  // namespace muxnet
