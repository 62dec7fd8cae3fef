#include "bindings.hpp"
#include "muxnet/losses/contrastive.hpp"
#include "muxnet/losses/multiplexer.hpp"

namespace muxnet::python {

void bind_losses(Module& module) {
  Enumeration<Formulation>(module, "Formulation")
      .value("paper", Formulation::paper)
      .value("bounded", Formulation::bounded);
  Enumeration<Objective>(module, "Objective")
      .value("ensemble", Objective::ensemble)
      .value("correctness", Objective::correctness);

  bind_options(module, "WeightOptions", Field("formulation", &WeightOptions::formulation),
               Field("lambda_cost", &WeightOptions::lambda_cost));

  module.def(
      "multiplexer_weights",
      [](const Tensor& scores, const std::vector<double>& costs, const WeightOptions& options) {
        return multiplexer_weights(scores, costs, options);
      },
      py::arg("scores"), py::arg("costs"), argument("options", WeightOptions{}), Unlocked());
}

}  // namespace muxnet::python
