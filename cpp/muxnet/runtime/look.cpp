#include "muxnet/runtime/look.hpp"

namespace muxnet {

MultiplexerView look(const Multiplexer& multiplexer, const Predictor& predictor,
                     const Tensor& images, const std::vector<double>& macs) {
  const auto reading = multiplexer.model->access.read("multiplexer, look");
  MultiplexerView view;
  const auto& outputs = multiplexer.model->graph.outputs();
  if (outputs.count("offload") > 0) {
    view.offload_score = predictor.output(images, "offload").reshaped({images.dim(0)});
    return view;
  }
  const Tensor scores = predictor.output(images, "scores");
  view.weights = multiplexer_weights(scores, macs, multiplexer.weights);
  if (multiplexer.objective == Objective::correctness) view.scores = scores;
  return view;
}

}  // namespace muxnet
