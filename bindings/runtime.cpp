
#include "bindings.hpp"
#include "holding.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/routing/drift.hpp"
#include "muxnet/routing/record.hpp"
#include "muxnet/runtime/collect.hpp"
#include "muxnet/runtime/decision_batch.hpp"
#include "muxnet/runtime/latency.hpp"
#include "muxnet/runtime/router.hpp"

namespace muxnet::python {
namespace {

/// What records, plans and monitors are made of.
void bind_explanations(Class<DecisionBatch>& batch) {
  batch
      .def("records",
           reading(
               "decision batch",
               [](const DecisionBatch& batch, const Policy& policy,
                  std::map<std::string, std::vector<double>> costs,
                  std::map<std::string, double> multiplexer_costs) {
                 const Recorder recorder(policy, {std::move(costs), std::move(multiplexer_costs)});
                 std::vector<std::string> lines;
                 for (std::size_t row = 0; row < batch.called().size(); ++row) {
                   const auto evidence = batch.evidence(static_cast<std::int64_t>(row));
                   lines.push_back(recorder.record(evidence, evidence.called));
                 }
                 return lines;
               }),
           py::arg("policy"), py::arg("costs"), py::arg("multiplexer_costs"), Unlocked(),
           "Decision records, once done, as record_decisions() gives them.")
      .def("plan",
           reading("decision batch",
                   [](const DecisionBatch& batch, const Policy& policy, std::int64_t row) {
                     return plan_decision(policy, batch.evidence(row)).dump();
                   }),
           py::arg("policy"), py::arg("row"),
           "JSON: what is called first, and which comparisons may call for more.")
      .def("monitored",
           reading("decision batch",
                   [](const DecisionBatch& batch, const Policy& policy, std::int64_t row) {
                     return monitored_values(*policy.rule(), batch.evidence(row));
                   }),
           py::arg("policy"), py::arg("row"), "What a DriftMonitor watches, once done.");
}

void bind_decision_batch(Module& module) {
  Class<DecisionBatch> batch(
      module, "DecisionBatch",
      "Inputs on their way through a policy, whoever runs the models.\n\nThreads may read it at "
      "once; BusyError for store() beside another call.");
  batch
      .def(py::init(reading("decision batch",
                            [](const Policy& policy, std::int64_t n, const MultiplexerView& view,
                               std::int64_t first_input) {
                              return DecisionBatch(
                                  policy.rule(), n,
                                  static_cast<std::int64_t>(policy.models().size()), view,
                                  first_input);
                            })),
           py::arg("policy"), py::arg("n"), argument("view", MultiplexerView{}),
           py::arg("first_input") = 0,
           "Raises:\n    ValueError: the policy looks at a multiplexer and there is none.")
      .def_property_readonly("done", reading("decision batch", &DecisionBatch::done))
      .def_property_readonly("wanted", reading("decision batch", &DecisionBatch::wanted))
      .def("show", &DecisionBatch::show, py::arg("view"))
      .def("store", &DecisionBatch::store, py::arg("model"), py::arg("answers"))
      .def_property_readonly("called", reading("decision batch", &DecisionBatch::called))
      .def_property_readonly("answers", reading("decision batch", &DecisionBatch::answers))
      .def_property_readonly("probabilities",
                             reading("decision batch", &DecisionBatch::probabilities));
  bind_explanations(batch);
}

void bind_router(Module& module) {
  Class<Routed>(module, "Routed")
      .def_readonly("probabilities", &Routed::probabilities)
      .def_readonly("answers", &Routed::answers)
      .def_readonly("called", &Routed::called)
      .def_readonly("costs", &Routed::costs)
      .def_property_readonly(
          "weights", [](const Routed& routed) { return routed.view.weights; },
          text_of("MultiplexerView.weights"))
      .def_property_readonly(
          "scores", [](const Routed& routed) { return routed.view.scores; },
          text_of("MultiplexerView.scores"));
  Class<Router>(module, "Router")
      .def(py::init([](std::shared_ptr<ModelPool> pool, const Multiplexer& multiplexer,
                       std::shared_ptr<Rule> rule) {
             return std::make_unique<Router>(std::move(pool), multiplexer, std::move(rule));
           }),
           py::arg("pool"), py::arg("multiplexer"), py::arg("rule"))
      .def("route", &Router::route, py::arg("images"), py::arg("features") = Tensor(), Unlocked());
}

void bind_collect(Module& module) {
  bind_options(module, "CollectOptions", Field("labels", &CollectOptions::labels),
               Field("features", &CollectOptions::features), Field("costs", &CollectOptions::costs),
               Field("multiplexer_costs", &CollectOptions::multiplexer_costs),
               Field("split", &CollectOptions::split), Field("source", &CollectOptions::source),
               Field("indices", &CollectOptions::indices));
  module.def("collect_outcomes", &collect_outcomes, py::arg("pool"), py::arg("images"),
             py::arg("multiplexer"), py::arg("options"), Unlocked());
}

void bind_latency(Module& module) {
  Class<Latency>(module, "Latency")
      .def(py::init<double, double>(), py::arg("ms"), py::arg("typical_ms"))
      .def_readonly("ms", &Latency::ms)
      .def_readonly("typical_ms", &Latency::typical_ms);
  module.def(
      "measure_latency",
      [](Model& model, std::int64_t batch, int turns) {
        return measure_latency(model, {batch, turns});
      },
      py::arg("model"), py::arg("batch") = 1, py::arg("turns") = LatencyOptions().turns,
      Unlocked());
}

}  // namespace

void bind_runtime(Module& module) {
  bind_hosted_models(module);
  bind_multiplexers(module);
  bind_router(module);
  bind_collect(module);
  bind_latency(module);
  bind_decision_batch(module);
}

}  // namespace muxnet::python
