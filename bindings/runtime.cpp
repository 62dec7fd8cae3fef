#include "bindings.hpp"
#include "muxnet/runtime/collect.hpp"
#include "muxnet/runtime/latency.hpp"
#include "muxnet/runtime/router.hpp"

namespace muxnet::python {

void bind_runtime(py::module_& module) {
  py::class_<ModelPool, std::shared_ptr<ModelPool>>(module, "ModelPool",
                                                    "N models that answer the same question.")
      .def(py::init<std::vector<std::shared_ptr<Model>>>(), py::arg("models"))
      .def("__len__", &ModelPool::size)
      .def_property_readonly("names", &ModelPool::names)
      .def_property_readonly("macs", &ModelPool::macs, "(N), counted.");

  py::class_<Multiplexer>(module, "Multiplexer", "A multiplexer and how its scores are read.")
      .def(py::init(
               [](std::shared_ptr<Model> model, Objective objective, const WeightOptions& weights) {
                 return Multiplexer{std::move(model), objective, weights};
               }),
           py::arg("model"), py::arg("objective") = Objective::correctness,
           py::arg("weights") = WeightOptions{})
      .def_readonly("model", &Multiplexer::model)
      .def_readonly("objective", &Multiplexer::objective)
      .def_readonly("weights", &Multiplexer::weights)
      .def_property_readonly("macs", [](const Multiplexer& m) { return m.model->graph.macs(); })
      .def_property_readonly("parameter_count",
                             [](const Multiplexer& m) { return m.model->graph.parameter_count(); });

  py::class_<Routed>(module, "Routed", "What became of a batch, row by row.")
      .def_readonly("probabilities", &Routed::probabilities, "f32 (n, K), of the answer.")
      .def_readonly("answers", &Routed::answers, "(n), classes.")
      .def_readonly("called", &Routed::called, "(n), bit i: model i was run.")
      .def_readonly("macs", &Routed::macs, "(n), of called models and multiplexer.")
      .def_property_readonly("weights", [](const Routed& routed) { return routed.view.weights; })
      .def_property_readonly("scores", [](const Routed& routed) { return routed.view.scores; });

  py::class_<Router>(module, "Router", "Algorithm 2: look, decide, call, answer.")
      .def(py::init([](std::shared_ptr<ModelPool> pool, const Multiplexer& multiplexer,
                       std::shared_ptr<Rule> rule) {
             return std::make_unique<Router>(std::move(pool), multiplexer, std::move(rule));
           }),
           py::arg("pool"), py::arg("multiplexer"), py::arg("rule"))
      .def("route", &Router::route, py::arg("images"), py::arg("features") = Tensor(), Unlocked(),
           "Answers for normalised images f32 (n, c, h, w) and, for rules that look at them,\n"
           "features f32 (n, F).\n\nRaises:\n    ValueError.");

  py::class_<CollectOptions>(module, "CollectOptions", "What is recorded beside the answers.")
      .def(py::init<>())
      .def_readwrite("labels", &CollectOptions::labels)
      .def_readwrite("features", &CollectOptions::features)
      .def_readwrite("costs", &CollectOptions::costs)
      .def_readwrite("router_costs", &CollectOptions::router_costs)
      .def_readwrite("split", &CollectOptions::split)
      .def_readwrite("source", &CollectOptions::source)
      .def_readwrite("indices", &CollectOptions::indices);
  module.def("collect_outcomes", &collect_outcomes, py::arg("pool"), py::arg("images"),
             py::arg("multiplexer"), py::arg("options"), Unlocked(),
             "An OutcomeTable of every model's answers to normalised images.");
  module.def(
      "measure_latency_ms",
      [](Model& model, std::int64_t batch, int repetitions) {
        return measure_latency_ms(model, {batch, repetitions});
      },
      py::arg("model"), py::arg("batch") = 1, py::arg("repetitions") = 30, Unlocked(),
      "Median milliseconds of one inference pass (measured).");
}

}  // namespace muxnet::python
