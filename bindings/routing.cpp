#include <nlohmann/json.hpp>

#include "bindings.hpp"
#include "holding.hpp"
#include "muxnet/core/error.hpp"
#include "muxnet/routing/curve.hpp"
#include "muxnet/routing/drift.hpp"
#include "muxnet/routing/evaluate.hpp"
#include "muxnet/routing/failure.hpp"
#include "muxnet/routing/guarantee.hpp"
#include "muxnet/routing/hardness.hpp"
#include "muxnet/routing/limits.hpp"
#include "muxnet/routing/outcome_table.hpp"
#include "muxnet/routing/policy.hpp"
#include "muxnet/routing/record.hpp"

namespace muxnet::python {
namespace {

OutcomeTable make_table(std::vector<std::string> models, const Tensor& probabilities,
                        std::map<std::string, std::vector<double>> costs, const Tensor& labels,
                        const Tensor& scores, const Tensor& offload_score,
                        std::map<std::string, double> router_costs, std::string split,
                        std::string source, const Tensor& indices, const Tensor& features) {
  OutcomeFields fields;
  fields.models = std::move(models);
  fields.probabilities = probabilities;
  fields.costs = std::move(costs);
  fields.labels = labels;
  fields.scores = scores;
  fields.offload_score = offload_score;
  fields.router_costs = std::move(router_costs);
  fields.split = std::move(split);
  fields.source = std::move(source);
  fields.indices = indices;
  fields.features = features;
  return OutcomeTable(std::move(fields));
}

void bind_table(py::module_& module) {
  py::class_<OutcomeTable>(module, "OutcomeTable",
                           "What N models answered for n inputs, with labels and costs.\n\nNever "
                           "changed: threads may use it at once.")
      .def(py::init(&make_table), py::arg("models"), py::arg("probabilities"), py::arg("costs"),
           py::kw_only(), py::arg("labels") = Tensor(), py::arg("scores") = Tensor(),
           py::arg("offload_score") = Tensor(),
           py::arg("router_costs") = std::map<std::string, double>{}, py::arg("split") = "",
           py::arg("source") = "", py::arg("indices") = Tensor(), py::arg("features") = Tensor(),
           "From arrays: probabilities f32 (n, N, K), labels i32 (n), costs {kind: N numbers}.\n\n"
           "Raises:\n    ValueError: what disagrees, with row and model.")
      .def_static("load", &OutcomeTable::load, py::arg("path"), Unlocked(),
                  "Read what save() wrote.\n\nRaises:\n    OSError.")
      .def("save", &OutcomeTable::save, py::arg("path"), Unlocked(),
           "Write as safetensors, atomically.\n\nRaises:\n    OSError.")
      .def(
          "subset",
          [](const OutcomeTable& table, const std::vector<std::int64_t>& rows,
             const std::string& split) { return table.subset(rows, split); },
          py::arg("rows"), py::arg("split") = "", Unlocked(),
          "The rows named, in that order, which keep their place in the source.\n\n"
          "Raises:\n    ValueError: a row that is not there.")
      .def("__len__", &OutcomeTable::size)
      .def_property_readonly("models", &OutcomeTable::models)
      .def_property_readonly("split", [](const OutcomeTable& t) { return t.fields().split; })
      .def_property_readonly(
          "probabilities", [](const OutcomeTable& t) { return t.fields().probabilities; },
          "f32 (n, N, K), sharing memory.")
      .def_property_readonly("scores", [](const OutcomeTable& t) { return t.fields().scores; })
      .def_property_readonly("weights", [](const OutcomeTable& t) { return t.fields().weights; })
      .def_property_readonly("features", [](const OutcomeTable& t) { return t.fields().features; })
      .def_property_readonly("labels", [](const OutcomeTable& t) { return t.fields().labels; })
      .def_property_readonly(
          "offload_score", [](const OutcomeTable& t) { return t.fields().offload_score; },
          "f32 (n): 0 = device, 1 = cloud.")
      .def_property_readonly("correct", &OutcomeTable::correct, "u8 (n, N).")
      .def_property_readonly("source", [](const OutcomeTable& t) { return t.fields().source; })
      .def_property_readonly("indices", [](const OutcomeTable& t) { return t.fields().indices; })
      .def("costs", &OutcomeTable::costs, py::arg("kind"), "(N), in the kind's unit.")
      .def_property_readonly(
          "cost_kinds",
          [](const OutcomeTable& t) {
            std::vector<std::string> kinds;
            for (const auto& [kind, costs] : t.fields().costs) kinds.push_back(kind);
            return kinds;
          },
          "What costs() knows, sorted.")
      .def_property_readonly("predictions", &OutcomeTable::predictions, "i32 (n, N).")
      .def("router_cost", &OutcomeTable::router_cost, py::arg("kind"));
}

Unsure unsure_of(const std::string& name) {
  require(name == "dearest" || name == "cheapest", "policy options",
          "unsure 'dearest' or 'cheapest'", name);
  return name == "dearest" ? Unsure::dearest : Unsure::cheapest;
}

void bind_policy(py::module_& module) {
  py::class_<PolicyOptions>(module, "PolicyOptions", "What a policy trades, and how finely.")
      .def(py::init([](std::string cost_kind, std::uint64_t seed, std::int64_t model,
                       std::int64_t max_models, std::int64_t bins, double gate,
                       const std::string& unsure) {
             return PolicyOptions{std::move(cost_kind), seed, model, max_models, bins, gate,
                                  unsure_of(unsure)};
           }),
           py::kw_only(), py::arg("cost_kind") = "macs", py::arg("seed") = 0, py::arg("model") = 0,
           py::arg("max_models") = 3, py::arg("bins") = 50, py::arg("gate") = 0.0,
           py::arg("unsure") = "dearest",
           "Raises:\n    ValueError: `unsure` is neither 'dearest' nor 'cheapest'.");
  py::class_<OperatingPoint>(module, "OperatingPoint", "One setting of a policy.")
      .def_readonly("parameters", &OperatingPoint::parameters)
      .def_readonly("accuracy", &OperatingPoint::accuracy)
      .def_readonly("cost", &OperatingPoint::cost)
      .def_readonly("called_shares", &OperatingPoint::called_shares);
  py::class_<Decisions>(module, "Decisions", "What a policy did with every input.")
      .def_readonly("called", &Decisions::called, "(n), bit i: model i was run.")
      .def_readonly("answers", &Decisions::answers, "(n), classes.");
  py::class_<Rule, std::shared_ptr<Rule>>(module, "Rule", "One operating point, ready to decide.");
  py::class_<Policy, std::shared_ptr<Policy>>(
      module, "Policy",
      "A family of operating points over budgets.\n\nThreads may read it at once. fit() and what "
      "else changes it want it alone: BusyError for them\nwhile another thread is in a call on it, "
      "and for others meanwhile.")
      .def_property_readonly("name", &Policy::name)
      .def_property_readonly("uses_router", &Policy::uses_router)
      .def_property_readonly("uses_features", &Policy::uses_features)
      .def("fit", &Policy::fit, py::arg("held_out"), Unlocked(),
           "Choose operating points on held-out outcomes.\n\nRaises:\n    ValueError: test data.")
      .def("save", &Policy::save, py::arg("path"), Unlocked(),
           "Write all that fit() found as JSON, atomically.\n\nRaises:\n    OSError.")
      .def_static(
          "load",
          [](const std::filesystem::path& path) {
            return std::shared_ptr<Policy>(load_policy(path));
          },
          py::arg("path"), Unlocked(),
          "Read what save() wrote.\n\nRaises:\n    OSError.\n    ValueError: no policy.")
      .def_property_readonly("best_single", reading("policy", &Policy::best_single),
                             "The model most accurate on the inputs it was fitted on.")
      .def_property_readonly("models", reading("policy", &Policy::models))
      .def_property_readonly("classes", reading("policy", &Policy::classes))
      .def_property_readonly("costs", reading("policy", &Policy::costs),
                             "(N), when fitted, of its kind.")
      .def_property_readonly("version", reading("policy", &Policy::version),
                             "64-bit FNV-1a, in hexadecimal, of what save() writes.")
      .def_property_readonly("cost_kind",
                             [](const Policy& policy) { return policy.options().cost_kind; })
      .def_property_readonly("operating_points", reading("policy", &Policy::operating_points))
      .def_property_readonly("point", reading("policy", &Policy::point))
      .def("choose", &Policy::choose, py::arg("point"))
      .def("choose_for_budget", &Policy::choose_for_budget, py::arg("cost"),
           "The most accurate point within `cost` per input.\n\nRaises:\n    ValueError.")
      .def("reprice", &Policy::reprice, py::arg("costs"), py::arg("look") = py::none(), Unlocked(),
           "Other prices, (N) and of deciding itself: points keep what they call, the front and "
           "the\n"
           "default point are made anew.\n\nRaises:\n    ValueError.")
      .def("without", &Policy::without, py::arg("model"), Unlocked(),
           "Never call the model at this position again.\n\n"
           "Raises:\n    ValueError: no operating point is left.")
      .def_property_readonly("prices", reading("policy", &Policy::prices),
                             "(N), what the models cost now.")
      .def_property_readonly("look", reading("policy", &Policy::look),
                             "What deciding itself costs now.")
      .def("decide", py::overload_cast<const OutcomeTable&>(&Policy::decide, py::const_),
           py::arg("table"), Unlocked(), "Decisions for a whole table.")
      .def("rule",
           reading("policy.rule",
                   [](const Policy& policy) { return std::shared_ptr<Rule>(policy.rule()); }),
           "The chosen point, for a Router.")
      .def("answer_probabilities",
           reading("policy.answer_probabilities",
                   [](const Policy& policy, const OutcomeTable& table) {
                     policy.decide(table);  // refuses other models
                     return answer_probabilities(*policy.rule(), table);
                   }),
           py::arg("table"), Unlocked(), "f32 (n, K), of the answers.\n\nRaises:\n    ValueError.")
      .def(
          "rule_at",
          [](const Policy& policy, const OperatingPoint& point) {
            return std::shared_ptr<Rule>(policy.rule(point));
          },
          py::arg("point"), "Another point.\n\nRaises:\n    ValueError: it does not fit.");
  py::class_<Guarantee>(module, "Guarantee", "What certify() found.")
      .def_readonly("point", &Guarantee::point, "The cheapest certified; None: there is none.")
      .def_readonly("reference_cost", &Guarantee::reference_cost)
      .def_readonly("inputs_needed", &Guarantee::inputs_needed,
                    "About so many labelled inputs would do; 0: no number would.");
  module.def(
      "certify",
      reading("certify",
              [](const Policy& policy, const OutcomeTable& calibration, double drop, double delta,
                 std::uint64_t seed) {
                return certify(policy, calibration, {.drop = drop, .delta = delta, .seed = seed});
              }),
      py::arg("policy"), py::arg("calibration"), py::arg("drop") = 0.005, py::arg("delta") = 0.05,
      py::arg("seed") = 0, Unlocked(),
      "The cheapest operating point that loses at most `drop` of accuracy against the best single\n"
      "model, true with probability 1 - delta (Learn then Test).\n\n"
      "Raises:\n    ValueError: inputs that the policy was fitted on, options out of range.");
  py::class_<Limit> limit(module, "Limit", "What an operating point may take at most.");
  py::enum_<Limit::Figure>(limit, "Figure")
      .value("mean_cost", Limit::Figure::mean_cost)
      .value("p99_cost", Limit::Figure::p99_cost)
      .value("call_share", Limit::Figure::call_share);
  limit.def(py::init([](Limit::Figure figure, std::string name, double at_most) {
              return Limit{figure, std::move(name), at_most};
            }),
            py::arg("figure"), py::arg("name"), py::arg("at_most"),
            "`name`: the kind of cost, or the model whose share of calls it is.");
  module.def(
      "choose_within",
      reading("choose_within",
              [](const Policy& policy, const OutcomeTable& calibration,
                 const std::vector<Limit>& limits) {
                return choose_within(policy, calibration, limits);
              }),
      py::arg("policy"), py::arg("calibration"), py::arg("limits"), Unlocked(),
      "The most accurate operating point that keeps all limits on inputs not seen before.\n\n"
      "Raises:\n    ValueError: no point does, and what would do.");
  module.def(
      "make_policy",
      [](const std::string& name, const PolicyOptions& options) {
        return std::shared_ptr<Policy>(make_policy(name, options));
      },
      py::arg("name"), py::arg("options") = PolicyOptions{},
      "A policy by name.\n\nRaises:\n    ValueError: lists the names there are.");
  module.def("policy_names", &policy_names, "Names of all policies.");
}

std::vector<const Policy*> pointers(const std::vector<std::shared_ptr<Policy>>& policies) {
  std::vector<const Policy*> result;
  for (const auto& policy : policies) result.push_back(policy.get());
  return result;
}

void bind_evaluation(py::module_& module) {
  py::class_<Interval>(module, "Interval", "Percentile interval of resampled values.")
      .def_readonly("low", &Interval::low)
      .def_readonly("high", &Interval::high);
  py::class_<Estimate>(module, "Estimate", "A figure with its bootstrap interval.")
      .def_readonly("value", &Estimate::value)
      .def_readonly("interval", &Estimate::interval);
  py::class_<CostFigures>(module, "CostFigures", "A cost per input: mean, 99th percentile, worst.")
      .def_readonly("mean", &CostFigures::mean)
      .def_readonly("p99", &CostFigures::p99)
      .def_readonly("worst", &CostFigures::worst);
  py::class_<Evaluation>(module, "Evaluation", "Accuracy, costs and calls of a policy.")
      .def_readonly("policy", &Evaluation::policy)
      .def_readonly("parameters", &Evaluation::parameters)
      .def_readonly("accuracy", &Evaluation::accuracy)
      .def_readonly("regret", &Evaluation::regret, "The oracle's accuracy less the policy's.")
      .def_readonly("costs", &Evaluation::costs)
      .def_readonly("models_per_input", &Evaluation::models_per_input)
      .def_readonly("called_shares", &Evaluation::called_shares)
      .def_readonly("collapse", &Evaluation::collapse)
      .def_readonly("correct", &Evaluation::correct);
  py::class_<CurvePoint>(module, "CurvePoint", "One point of an accuracy-cost curve.")
      .def_readonly("parameters", &CurvePoint::parameters)
      .def_readonly("cost", &CurvePoint::cost)
      .def_readonly("accuracy", &CurvePoint::accuracy);
  py::class_<FailurePrediction>(module, "FailurePrediction",
                                "AUROC of what tells in advance whether a model is right.")
      .def_readonly("confidence", &FailurePrediction::confidence, "Its own max-softmax.")
      .def_readonly("multiplexer", &FailurePrediction::multiplexer, "None: the table has none.");
  py::class_<ClassFigures>(module, "ClassFigures", "What a policy does with one class.")
      .def_readonly("inputs", &ClassFigures::inputs)
      .def_readonly("accuracy", &ClassFigures::accuracy);
  py::class_<HardnessLevel>(module, "HardnessLevel", "What a policy does at one hardness.")
      .def_readonly("inputs", &HardnessLevel::inputs)
      .def_readonly("accuracy", &HardnessLevel::accuracy)
      .def_readonly("called_shares", &HardnessLevel::called_shares);

  const auto bootstrap = [](std::uint64_t seed) {
    BootstrapOptions options;
    options.seed = seed;
    return options;
  };
  module.def(
      "evaluate",
      reading("evaluate",
              [bootstrap](const Policy& policy, const OutcomeTable& table, std::uint64_t seed) {
                return evaluate(policy, table, {bootstrap(seed)});
              }),
      py::arg("policy"), py::arg("table"), py::arg("seed") = 0, Unlocked(),
      "Figures of a fitted policy.\n\nRaises:\n    ValueError: inputs that it was fitted on.");
  module.def("accuracy_cost_curve",
             reading("accuracy_cost_curve",
                     [](const Policy& policy, const OutcomeTable& table) {
                       return accuracy_cost_curve(policy, table).points;
                     }),
             py::arg("policy"), py::arg("table"), Unlocked(), "A policy's family over budgets.");
  module.def(
      "area_between",
      reading("area_between",
              [bootstrap](const Policy& policy, const Policy& other, const OutcomeTable& table,
                          std::uint64_t seed, double up_to) {
                CurveOptions options;
                options.bootstrap = bootstrap(seed);
                options.up_to = up_to;
                return area_between(policy, other, table, options);
              }),
      py::arg("policy"), py::arg("other"), py::arg("table"), py::arg("seed") = 0, py::kw_only(),
      py::arg("up_to") = 0.0, Unlocked(),
      "Mean height of one curve above the other, with its paired interval; over the costs that\n"
      "both reach, or up to a cost, a curve going on level beyond its last point.");
  module.def(
      "area_between",
      reading(
          "area_between",
          [bootstrap](const std::vector<std::shared_ptr<Policy>>& policies,
                      const std::vector<std::shared_ptr<Policy>>& others,
                      const std::vector<OutcomeTable>& tables, std::uint64_t seed, double up_to) {
            CurveOptions options;
            options.bootstrap = bootstrap(seed);
            options.up_to = up_to;
            std::vector<const OutcomeTable*> each;
            for (const auto& table : tables) each.push_back(&table);
            return area_between(pointers(policies), pointers(others), each, options);
          }),
      py::arg("policies"), py::arg("others"), py::arg("tables"), py::arg("seed") = 0, py::kw_only(),
      py::arg("up_to") = 0.0, Unlocked(),
      "The mean of the same over pairs, each fitted with another seed or on other models, with a\n"
      "table of its own; interval over pairs and inputs.\n\n"
      "Raises:\n    ValueError: tables of different inputs.");
  module.def(
      "bootstrap_replicates",
      [bootstrap](const std::vector<std::vector<double>>& columns, std::uint64_t seed) {
        return bootstrap_replicates(columns, bootstrap(seed));
      },
      py::arg("columns"), py::arg("seed") = 0, Unlocked(),
      "Mean of columns over the same inputs, a replicate each, with its interval over both.");
  module.def(
      "bootstrap_mean",
      [bootstrap](const std::vector<double>& values, std::uint64_t seed) {
        return bootstrap_mean(values, bootstrap(seed));
      },
      py::arg("values"), py::arg("seed") = 0, Unlocked(), "Mean with its interval.");
  module.def(
      "bootstrap_difference",
      [bootstrap](const std::vector<double>& a, const std::vector<double>& b, std::uint64_t seed) {
        return bootstrap_difference(a, b, bootstrap(seed));
      },
      py::arg("a"), py::arg("b"), py::arg("seed") = 0, Unlocked(),
      "Mean of a - b over the same inputs, with its paired interval.");
  module.def("hardness_levels", &by_hardness, py::arg("table"), py::arg("decisions"), Unlocked(),
             "What the decisions do at each number of failing models, 0..N.");
  module.def("class_figures", &by_class, py::arg("table"), py::arg("decisions"), Unlocked(),
             "(K), what the decisions do with each class.");
  module.def("failure_prediction", &failure_prediction, py::arg("table"), Unlocked(),
             "(N), how well each model's failures are told in advance.");
  module.def(
      "recovery_costs", &recovery_costs, py::arg("points"), py::arg("start"), py::arg("to"),
      py::arg("shares"), Unlocked(),
      "The least cost of a curve's point with accuracy start + share (to - start), by share;\n"
      "None where no point has it.");
  module.def("right_wrong_matrix", &right_wrong_matrix, py::arg("table"), Unlocked(),
             "(N * N), row's model right and column's wrong: the paper's Figure 1.");
}

void bind_records(py::module_& module) {
  py::class_<ReplayedRecord>(module, "ReplayedRecord", "What a policy makes of a record.")
      .def_readonly("called", &ReplayedRecord::called, "Models, in order.")
      .def_readonly("answer", &ReplayedRecord::answer)
      .def_readonly("same", &ReplayedRecord::same, "As recorded.");
  module.def(
      "record_decisions",
      reading("record_decisions",
              [](const Policy& policy, const OutcomeTable& table,
                 const std::vector<std::int64_t>& rows) {
                return record_decisions(policy, table, rows);
              }),
      py::arg("policy"), py::arg("table"), py::arg("rows") = std::vector<std::int64_t>{},
      Unlocked(),
      "Lines of JSON, one an input, that say why it went where it went; of all rows by default.\n\n"
      "Raises:\n    ValueError: other models.");
  module.def("replay_records",
             reading("replay_records",
                     [](const Policy& policy, const std::vector<std::string>& lines) {
                       return replay_records(policy, lines);
                     }),
             py::arg("policy"), py::arg("lines"), Unlocked(),
             "The decisions on what records say was known.\n\n"
             "Raises:\n    ValueError: no record of this policy in this version.");
  py::class_<Recorder, std::shared_ptr<Recorder>>(module, "Recorder",
                                                  "Writes down why inputs went where they went.")
      .def(py::init(reading(
               "recorder",
               [](const Policy& policy, std::map<std::string, std::vector<double>> costs,
                  std::map<std::string, double> router_costs, std::optional<std::size_t> point) {
                 return Recorder(policy, {std::move(costs), std::move(router_costs)}, point);
               })),
           py::arg("policy"), py::arg("costs"), py::arg("router_costs"),
           py::arg("point") = std::nullopt,
           "Of the policy's chosen operating point, or of another.\n\n"
           "Raises:\n    ValueError: no such point, or costs that do not fit.");
  py::class_<DriftMonitor, std::shared_ptr<DriftMonitor>>(
      module, "DriftMonitor",
      "Watches whether inputs are still like those of the calibration.\n\nThreads may call it at "
      "once.")
      .def(py::init([](const std::map<std::string, std::vector<double>>& calibration,
                       std::string version, double alpha, std::uint64_t seed) {
             return std::make_shared<DriftMonitor>(calibration, std::move(version),
                                                   DriftOptions{alpha, seed});
           }),
           py::arg("calibration"), py::arg("version"), py::arg("alpha") = 0.01, py::arg("seed") = 0,
           "A false alarm has probability alpha at most, over any number of inputs.\n\n"
           "Raises:\n    ValueError: values outside [0, 1], options out of range.")
      .def("observe", &DriftMonitor::observe, py::arg("values"),
           "Take the values of one input; whether there is an alarm.\n\nRaises:\n    ValueError.")
      .def_property_readonly("alarm", &DriftMonitor::alarm)
      .def_property_readonly("e_value", &DriftMonitor::e_value, "The greatest so far.")
      .def_property_readonly("cause", &DriftMonitor::cause, "The value that it is of.")
      .def_property_readonly("alpha", &DriftMonitor::alpha)
      .def_property_readonly("observed", &DriftMonitor::observed)
      .def_property_readonly("calibrated_on", &DriftMonitor::calibrated_on)
      .def_property_readonly("version", &DriftMonitor::version, "Of its policy.")
      .def("save", &DriftMonitor::save, py::arg("path"), "Atomically.\n\nRaises:\n    OSError.")
      .def_static(
          "load",
          [](const std::filesystem::path& path) {
            return std::make_shared<DriftMonitor>(DriftMonitor::load(path));
          },
          py::arg("path"), "Raises:\n    OSError.\n    ValueError: no monitor.");
  module.def("monitored_values",
             reading("monitored_values",
                     [](const Policy& policy, const OutcomeTable& table) {
                       return monitored_values(policy, table);
                     }),
             py::arg("policy"), py::arg("table"), Unlocked(),
             "What a DriftMonitor watches, for every row.\n\nRaises:\n    ValueError.");
}

}  // namespace

void bind_routing(py::module_& module) {
  bind_table(module);
  bind_policy(module);
  bind_records(module);
  bind_evaluation(module);
}

}  // namespace muxnet::python
