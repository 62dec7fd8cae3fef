#include "bindings.hpp"
#include "muxnet/losses/contrastive.hpp"
#include "muxnet/losses/multiplexer.hpp"

namespace muxnet::python {

void bind_losses(py::module_& module) {
  py::enum_<Formulation>(module, "Formulation",
                         "Which reading of the paper's equations to compute.")
      .value("paper", Formulation::paper)
      .value("bounded", Formulation::bounded);
  py::enum_<Objective>(module, "Objective", "What a multiplexer is trained for.")
      .value("ensemble", Objective::ensemble)
      .value("correctness", Objective::correctness);

  py::class_<WeightOptions>(module, "WeightOptions", "How scores become weights (Eq. 5 and 6).")
      .def(py::init([](Formulation formulation, double lambda_cost) {
             return WeightOptions{formulation, lambda_cost};
           }),
           py::arg("formulation") = Formulation::bounded, py::arg("lambda_cost") = 0.0)
      .def_readwrite("formulation", &WeightOptions::formulation)
      .def_readwrite("lambda_cost", &WeightOptions::lambda_cost);

  module.def(
      "multiplexer_weights",
      [](const Tensor& scores, const std::vector<double>& costs, const WeightOptions& options) {
        return multiplexer_weights(scores, costs, options);
      },
      py::arg("scores"), py::arg("costs"), py::arg("options") = WeightOptions{}, Unlocked(),
      "softmax over the models of score - lambda c / max c (Eq. 5 and 6), as the scores (n, N).\n\n"
      "Raises:\n    ValueError: shapes that do not fit, costs not above 0.");
}

}  // namespace muxnet::python
