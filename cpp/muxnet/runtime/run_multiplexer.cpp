#include "muxnet/runtime/run_multiplexer.hpp"

namespace muxnet {

MultiplexerView run_multiplexer(const Multiplexer& multiplexer, const Predictor& predictor,
                                const Tensor& images, const std::vector<double>& costs) {
  const auto reading = multiplexer.model->access.read("multiplexer, run");
  MultiplexerView view;
  const auto& outputs = multiplexer.model->graph.outputs();
  if (outputs.count("offload") > 0) {
    view.offload_score = predictor.output(images, "offload").reshaped({images.dim(0)});
    return view;
  }
  const Tensor scores = predictor.output(images, "scores");
  view.weights = multiplexer_weights(scores, costs, multiplexer.weights);
  if (multiplexer.objective == Objective::correctness) view.scores = scores;
  return view;
}

}  // namespace muxnet
