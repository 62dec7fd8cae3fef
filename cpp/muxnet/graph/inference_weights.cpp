#include "muxnet/graph/inference_weights.hpp"

#include "muxnet/graph/transform.hpp"

namespace muxnet {

InferenceWeights::InferenceWeights(const Graph& graph, const Parameters& parameters)
    : original_(graph), fused_(fuse(graph, Mode::infer)), source_(parameters) {}

std::shared_ptr<InferenceWeights::Folded> InferenceWeights::current() {
  const std::lock_guard lock(mutex_);
  if (!folded_ || folded_->version != version()) {
    const auto made =
        std::make_shared<Folded>(Parameters::for_inference(fused_, dtype()), version());
    fold_parameters(original_, source_, made->values);
    folded_ = made;
  }
  return folded_;
}

}  // namespace muxnet
