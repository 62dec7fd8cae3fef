#include "muxnet/runtime/run_multiplexer.hpp"

namespace muxnet {

bool offloads(const Multiplexer& multiplexer) {
  return multiplexer.model->graph.outputs().count("offload") > 0;
}

double cost_of(const Multiplexer& multiplexer) {
  return multiplexer.price.value_or(static_cast<double>(multiplexer.model->graph.macs()));
}

MultiplexerView view_of_scores(const Multiplexer& multiplexer, const Tensor& scores) {
  MultiplexerView view;
  if (offloads(multiplexer)) {
    view.offload_score = scores.reshaped({scores.dim(0)});
    return view;
  }
  view.weights = multiplexer_weights(scores, multiplexer.costs, multiplexer.weights);
  if (multiplexer.objective == Objective::correctness) view.scores = scores;
  return view;
}

MultiplexerView run_multiplexer(const Multiplexer& multiplexer, const Predictor& predictor,
                                const Tensor& inputs) {
  const auto reading = multiplexer.model->access.read("multiplexer, run");
  const auto* name = offloads(multiplexer) ? "offload" : "scores";
  return view_of_scores(multiplexer, predictor.output(inputs, name));
}

}  // namespace muxnet
