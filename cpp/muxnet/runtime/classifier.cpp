#include "muxnet/runtime/classifier.hpp"

#include "muxnet/core/error.hpp"

namespace muxnet {

EmbeddedAnswers Classifier::answer_embedded(const Tensor&) {
  throw std::invalid_argument(error_text("model", "an ONNX file, of which an output is named",
                                         "one that gives no embedding"));
}

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
