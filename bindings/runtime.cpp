#include <nlohmann/json.hpp>

#include "bindings.hpp"
#include "muxnet/routing/drift.hpp"
#include "muxnet/routing/record.hpp"
#include "muxnet/runtime/classifier.hpp"
#include "muxnet/runtime/collect.hpp"
#include "muxnet/runtime/completions.hpp"
#include "muxnet/runtime/decision_batch.hpp"
#include "muxnet/runtime/latency.hpp"
#include "muxnet/runtime/router.hpp"
#include "muxnet/runtime/service.hpp"

namespace muxnet::python {
namespace {

void bind_classifiers(py::module_& module) {
  py::class_<Classifier, std::shared_ptr<Classifier>>(module, "Classifier",
                                                      "A model, whatever runs it.")
      .def("answer", &Classifier::answer, py::arg("images"), Unlocked(),
           "What the model gives, f32 (n, K), for images f32 (n, c, h, w).\n\n"
           "Raises:\n    ValueError: images that it cannot take.");
  module.def(
      "load_onnx",
      [](const std::filesystem::path& path) { return std::shared_ptr(load_onnx(path)); },
      py::arg("path"), Unlocked(),
      "An ONNX file, run by OpenCV's DNN module.\n\n"
      "Raises:\n    OSError.\n    ValueError: a network that OpenCV cannot import.");
  module.def(
      "native_classifier",
      [](std::shared_ptr<Model> model) {
        return std::shared_ptr(make_classifier(std::move(model)));
      },
      py::arg("model"), "A network of ours, which gives logits for normalised images.");
}

void bind_decision_batch(py::module_& module) {
  py::class_<MultiplexerView>(module, "MultiplexerView", "What the multiplexer says of n inputs.")
      .def(py::init<>())
      .def_readonly("weights", &MultiplexerView::weights)
      .def_readonly("scores", &MultiplexerView::scores)
      .def_readonly("offload_score", &MultiplexerView::offload_score);
  module.def(
      "look",
      [](const Multiplexer& multiplexer, const Tensor& images, const std::vector<double>& macs) {
        Predictor predictor(*multiplexer.model);
        return look(multiplexer, predictor, images, macs);
      },
      py::arg("multiplexer"), py::arg("images"), py::arg("macs"), Unlocked(),
      "Run a multiplexer over normalised images; macs are the N models'.");
  py::class_<DecisionBatch>(module, "DecisionBatch",
                            "Inputs on their way through a policy, whoever runs the models.")
      .def(py::init([](const Policy& policy, std::int64_t n, const MultiplexerView& view,
                       std::int64_t first_input) {
             return DecisionBatch(policy.rule(), n,
                                  static_cast<std::int64_t>(policy.models().size()), view,
                                  first_input);
           }),
           py::arg("policy"), py::arg("n"),
           py::arg_v("view", MultiplexerView{}, "MultiplexerView()"), py::arg("first_input") = 0,
           "Raises:\n    ValueError: the policy looks at a multiplexer and there is none.")
      .def_property_readonly("done", &DecisionBatch::done)
      .def_property_readonly("wanted", &DecisionBatch::wanted, "(N), inputs by model.")
      .def("store", &DecisionBatch::store, py::arg("model"), py::arg("answers"),
           "Take a model's probabilities f32 (wanted, K).\n\nRaises:\n    ValueError.")
      .def_property_readonly("called", &DecisionBatch::called, "(n), bit i: model i was run.")
      .def_property_readonly("answers", &DecisionBatch::answers, "(n), once done.")
      .def_property_readonly("probabilities", &DecisionBatch::probabilities, "(n, K), once done.")
      .def(
          "records",
          [](const DecisionBatch& batch, const Policy& policy,
             std::map<std::string, std::vector<double>> costs,
             std::map<std::string, double> router_costs) {
            const Recorder recorder(policy, {std::move(costs), std::move(router_costs)});
            std::vector<std::string> lines;
            for (std::size_t row = 0; row < batch.called().size(); ++row) {
              const auto evidence = batch.evidence(static_cast<std::int64_t>(row));
              lines.push_back(recorder.record(evidence, evidence.called).dump());
            }
            return lines;
          },
          py::arg("policy"), py::arg("costs"), py::arg("router_costs"), Unlocked(),
          "Decision records, once done, as record_decisions() gives them.")
      .def(
          "plan",
          [](const DecisionBatch& batch, const Policy& policy, std::int64_t row) {
            return plan_decision(policy, batch.evidence(row)).dump();
          },
          py::arg("policy"), py::arg("row"),
          "JSON: what is called first, and which comparisons may call for more.")
      .def(
          "monitored",
          [](const DecisionBatch& batch, const Policy& policy, std::int64_t row) {
            return monitored_values(*policy.rule(), batch.evidence(row));
          },
          py::arg("policy"), py::arg("row"), "What a DriftMonitor watches, once done.");
}

/// A service whose answers wait for an event loop.
class LoopService {
 public:
  LoopService(Deployment deployment, const ServiceOptions& options)
      : service_(std::move(deployment), options) {}

  std::uint64_t deploy(Deployment deployment) { return service_.deploy(std::move(deployment)); }
  void submit(std::uint64_t ticket, ServiceRequest request) {
    service_.submit(std::move(request), [this, ticket](ServiceAnswer answer) {
      completions_.add(ticket, std::move(answer));
    });
  }
  ServiceAnswer infer(ServiceRequest request) { return service_.infer(std::move(request)); }
  ServiceStatistics statistics() const { return service_.statistics(); }
  void close() { service_.close(); }
  int descriptor() const { return completions_.descriptor(); }
  auto take() { return completions_.take(); }

 private:
  Completions completions_;  // outlives the service, which adds to it until it is closed
  Service service_;
};

Deployment make_deployment(std::vector<std::shared_ptr<Model>> models,
                           const std::optional<Multiplexer>& multiplexer,
                           const std::vector<std::shared_ptr<Rule>>& rules, std::size_t point,
                           const std::shared_ptr<Rule>& shadow, std::size_t reference) {
  return {std::move(models),
          multiplexer.value_or(Multiplexer{}),
          {rules.begin(), rules.end()},
          point,
          shadow,
          reference};
}

ServiceRequest make_request(const Tensor& images, std::optional<std::size_t> model,
                            std::optional<std::size_t> point, std::optional<double> deadline_ms,
                            std::optional<double> max_cost, bool decide_only) {
  ServiceRequest request;
  request.images = images;
  request.model = model;
  request.point = point;
  request.deadline_ms = deadline_ms.value_or(request.deadline_ms);
  request.max_cost = max_cost.value_or(request.max_cost);
  request.decide_only = decide_only;
  return request;
}

void bind_answers(py::module_& module) {
  py::enum_<ServiceStatus>(module, "ServiceStatus", "What became of a request.")
      .value("ok", ServiceStatus::ok)
      .value("full", ServiceStatus::full)
      .value("late", ServiceStatus::late)
      .value("cost", ServiceStatus::cost)
      .value("closing", ServiceStatus::closing)
      .value("failed", ServiceStatus::failed);
  py::enum_<Departure>(module, "Departure", "Why other models were called than the rule wanted.")
      .value("none", Departure::none)
      .value("deadline", Departure::deadline)
      .value("cost", Departure::cost)
      .value("full", Departure::full);
  py::class_<ServiceRequest>(module, "ServiceRequest", "Images, and what answers may cost.")
      .def(py::init(&make_request), py::arg("images"), py::kw_only(),
           py::arg("model") = std::nullopt, py::arg("point") = std::nullopt,
           py::arg("deadline_ms") = std::nullopt, py::arg("max_cost") = std::nullopt,
           py::arg("decide_only") = false);
  py::class_<ServiceAnswer>(module, "ServiceAnswer", "What became of a request, row by row.")
      .def_readonly("status", &ServiceAnswer::status)
      .def_readonly("message", &ServiceAnswer::message)
      .def_readonly("retry_after_ms", &ServiceAnswer::retry_after_ms)
      .def_readonly("version", &ServiceAnswer::version)
      .def_readonly("probabilities", &ServiceAnswer::probabilities, "f32 (n, K).")
      .def_readonly("answers", &ServiceAnswer::answers, "(n), classes.")
      .def_readonly("called", &ServiceAnswer::called, "(n), bit i: model i was run.")
      .def_readonly("answered_from", &ServiceAnswer::answered_from, "(n), bits.")
      .def_readonly("wanted", &ServiceAnswer::wanted, "(n), bits: what the rule asked for.")
      .def_readonly("shadow", &ServiceAnswer::shadow, "(n), bits: what the shadow asks for.")
      .def_readonly("departures", &ServiceAnswer::departures)
      .def_readonly("macs", &ServiceAnswer::macs, "(n), of called models and multiplexer.")
      .def_readonly("first_input", &ServiceAnswer::first_input)
      .def_property_readonly("weights", [](const ServiceAnswer& a) { return a.view.weights; })
      .def_property_readonly("scores", [](const ServiceAnswer& a) { return a.view.scores; })
      .def_readonly("total_ms", &ServiceAnswer::total_ms);
}

void bind_statistics(py::module_& module) {
  py::class_<Histogram>(module, "Histogram", "Counts of times in doubling buckets.")
      .def_property_readonly("buckets", &Histogram::buckets)
      .def_property_readonly_static(
          "bounds_ms",
          [](const py::object&) {
            std::vector<double> bounds;
            for (std::size_t i = 0; i < Histogram::bucket_count; ++i) {
              bounds.push_back(Histogram::upper_bound_ms(i));
            }
            return bounds;
          },
          "Upper bounds of all buckets but the last, which has none.")
      .def_property_readonly("count", &Histogram::count)
      .def_property_readonly("sum_ms", &Histogram::sum_ms)
      .def("quantile_ms", &Histogram::quantile_ms, py::arg("quantile"));
  py::class_<StageStatistics>(module, "StageStatistics", "One model's, or the multiplexer's.")
      .def_readonly("name", &StageStatistics::name)
      .def_readonly("images", &StageStatistics::images)
      .def_readonly("batches", &StageStatistics::batches)
      .def_readonly("waiting", &StageStatistics::waiting)
      .def_readonly("run", &StageStatistics::run);
  py::class_<ServiceStatistics>(module, "ServiceStatistics", "All since the service began.")
      .def_readonly("version", &ServiceStatistics::version)
      .def_readonly("stages", &ServiceStatistics::stages, "The look, then the models.")
      .def_readonly("requests", &ServiceStatistics::requests)
      .def_readonly("images", &ServiceStatistics::images, "Answered by a rule.")
      .def_readonly("called", &ServiceStatistics::called, "Of those, by model.")
      .def_readonly("departures", &ServiceStatistics::departures)
      .def_readonly("shadow_images", &ServiceStatistics::shadow_images)
      .def_readonly("shadow_agreed", &ServiceStatistics::shadow_agreed)
      .def_readonly("macs", &ServiceStatistics::macs)
      .def_readonly("reference_macs", &ServiceStatistics::reference_macs)
      .def_readonly("total", &ServiceStatistics::total);
}

void bind_service(py::module_& module) {
  bind_answers(module);
  bind_statistics(module);
  py::class_<Deployment>(module, "Deployment", "All that a service answers with.")
      .def(py::init(&make_deployment), py::arg("models"), py::arg("multiplexer"), py::arg("rules"),
           py::kw_only(), py::arg("point") = 0, py::arg("shadow") = nullptr,
           py::arg("reference") = 0);
  py::class_<ServiceOptions>(module, "ServiceOptions", "How a service works.")
      .def(py::init<>())
      .def_readwrite("workers", &ServiceOptions::workers)
      .def_readwrite("threads_each", &ServiceOptions::threads_each)
      .def_readwrite("max_batch", &ServiceOptions::max_batch)
      .def_readwrite("queue_images", &ServiceOptions::queue_images)
      .def_readwrite("fill_ms", &ServiceOptions::fill_ms)
      .def_readwrite("cheaper_when_full", &ServiceOptions::cheaper_when_full)
      .def_readwrite("warm_up", &ServiceOptions::warm_up);
  py::class_<LoopService>(module, "Service", "Algorithm 2 for many requests at a time.")
      .def(py::init<Deployment, const ServiceOptions&>(), py::arg("deployment"), py::arg("options"),
           Unlocked(), "Raises:\n    ValueError: what does not fit.")
      .def("deploy", &LoopService::deploy, py::arg("deployment"), Unlocked(),
           "Answer requests to come with another; its version.\n\n"
           "Raises:\n    ValueError: other models.")
      .def("submit", &LoopService::submit, py::arg("ticket"), py::arg("request"), Unlocked(),
           "The answer comes by take(), under its ticket.\n\nRaises:\n    ValueError.")
      .def("take", &LoopService::take, Unlocked(), "The answers that wait, with their tickets.")
      .def_property_readonly("descriptor", &LoopService::descriptor, "Readable while answers wait.")
      .def("infer", &LoopService::infer, py::arg("request"), Unlocked(),
           "Wait for the answer.\n\nRaises:\n    ValueError: images that do not fit.")
      .def("statistics", &LoopService::statistics, Unlocked())
      .def("close", &LoopService::close, Unlocked(), "Answer what is there, and stop.");
}

}  // namespace

void bind_runtime(py::module_& module) {
  py::class_<ModelPool, std::shared_ptr<ModelPool>>(module, "ModelPool",
                                                    "N models that answer the same question.")
      .def(py::init<std::vector<std::shared_ptr<Model>>>(), py::arg("models"))
      .def("__len__", &ModelPool::size)
      .def_property_readonly("names", &ModelPool::names)
      .def_property_readonly("macs", &ModelPool::macs, "(N), counted.")
      .def("probabilities", &ModelPool::probabilities, py::arg("index"), py::arg("images"),
           Unlocked(),
           "f32 (n, K) of one model for normalised images.\n\nRaises:\n    ValueError.");

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

  bind_classifiers(module);
  bind_decision_batch(module);

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
  bind_service(module);
  module.def(
      "measure_latency_ms",
      [](Model& model, std::int64_t batch, int repetitions) {
        return measure_latency_ms(model, {batch, repetitions});
      },
      py::arg("model"), py::arg("batch") = 1, py::arg("repetitions") = 30, Unlocked(),
      "Median milliseconds of one inference pass (measured).");
}

}  // namespace muxnet::python
