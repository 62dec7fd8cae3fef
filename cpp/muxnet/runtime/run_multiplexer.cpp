#include "muxnet/runtime/run_multiplexer.hpp"

namespace muxnet {

double cost_of(const Multiplexer& multiplexer) {
  return multiplexer.price.value_or(static_cast<double>(multiplexer.model->graph.macs()));
}

MultiplexerView view_of_scores(const Multiplexer& multiplexer, const Tensor& scores) {
  MultiplexerView view;
  view.weights = multiplexer_weights(scores, multiplexer.costs, multiplexer.weights);
  if (multiplexer.objective == Objective::correctness) view.scores = scores;
  return view;
}

MultiplexerView run_multiplexer(const Multiplexer& multiplexer, const Predictor& predictor,
                                const Tensor& inputs) {
  const auto reading = multiplexer.model->access.read("multiplexer, run");
  const auto& outputs = multiplexer.model->graph.outputs();
  if (outputs.count("offload") == 0) {
    return view_of_scores(multiplexer, predictor.output(inputs, "scores"));
  }
  MultiplexerView view;
  view.offload_score = predictor.output(inputs, "offload").reshaped({inputs.dim(0)});
  return view;
}

}  // namespace muxnet
