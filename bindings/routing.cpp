#include <bit>

#include "bindings.hpp"
#include "holding.hpp"
#include "muxnet/core/error.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/routing/division.hpp"
#include "muxnet/routing/drift.hpp"
#include "muxnet/routing/outcome_table.hpp"
#include "muxnet/routing/policy.hpp"
#include "muxnet/routing/record.hpp"

namespace muxnet::python {
namespace {

void bind_divisions(Module& module) {
  module.def(
      "divide",
      [](const OutcomeTable& table, double fraction, std::uint64_t seed) {
        auto parts = divide(table, fraction, seed);
        return std::pair(std::move(parts.held_out), std::move(parts.test));
      },
      py::arg("table"), py::arg("fraction") = 0.5, py::arg("seed") = 0, Unlocked());
  module.def(
      "draw_parts",
      [](std::size_t n, double fraction, std::uint64_t seed) {
        Random random(seed);
        const RandomParts parts = draw_parts(InputGroups(n), fraction, random);
        return std::pair(parts.first, parts.second);
      },
      py::arg("n"), py::arg("fraction"), py::arg("seed") = 0);
  module.def(
      "draw_folds",
      [](const OutcomeTable& table, std::int64_t folds, std::uint64_t seed) {
        return draw_folds(InputGroups(table), folds, seed);
      },
      py::arg("table"), py::arg("folds"), py::arg("seed") = 0);
  module.def("cross_fitted", &AnswerCalibration::cross_fitted, py::arg("table"), Unlocked(),
             text_of("AnswerCalibration.cross_fitted"));
  module.def("shuffle", &shuffle, py::arg("table"), py::arg("seed") = 0, Unlocked());
}

const char* name_of(Unsure unsure) { return unsure == Unsure::dearest ? "dearest" : "cheapest"; }

Unsure unsure_of(const std::string& name) {
  require(name == "dearest" || name == "cheapest", "policy options",
          "unsure 'dearest' or 'cheapest'", name);
  return name == "dearest" ? Unsure::dearest : Unsure::cheapest;
}

void bind_policy_options(Module& module) {
  const PolicyOptions defaults;
  Class<PolicyOptions>(module, "PolicyOptions")
      .def(py::init([](std::string cost_kind, std::uint64_t seed, std::int64_t model,
                       std::int64_t max_models, std::int64_t bins, double gate,
                       const std::string& unsure) {
             return PolicyOptions{std::move(cost_kind), seed, model, max_models, bins, gate,
                                  unsure_of(unsure)};
           }),
           py::kw_only(), py::arg("cost_kind") = defaults.cost_kind,
           py::arg("seed") = defaults.seed, py::arg("model") = defaults.model,
           py::arg("max_models") = defaults.max_models, py::arg("bins") = defaults.bins,
           py::arg("gate") = defaults.gate, py::arg("unsure") = name_of(defaults.unsure),
           "Raises:\n    ValueError: `unsure` is neither 'dearest' nor 'cheapest'.")
      .def_readonly("cost_kind", &PolicyOptions::cost_kind)
      .def_readonly("seed", &PolicyOptions::seed)
      .def_readonly("model", &PolicyOptions::model)
      .def_readonly("max_models", &PolicyOptions::max_models)
      .def_readonly("bins", &PolicyOptions::bins)
      .def_readonly("gate", &PolicyOptions::gate);
}

void bind_points(Module& module) {
  Class<OperatingPoint>(module, "OperatingPoint")
      .def_readonly("parameters", &OperatingPoint::parameters)
      .def_readonly("accuracy", &OperatingPoint::accuracy)
      .def_readonly("cost", &OperatingPoint::cost)
      .def_readonly("called_shares", &OperatingPoint::called_shares);
  Class<Decisions>(module, "Decisions")
      .def_readonly("called", &Decisions::called)
      .def_readonly("answers", &Decisions::answers);
  Class<Abstention>(module, "Abstention")
      .def_readonly("threshold", &Abstention::threshold)
      .def_readonly("at_least", &Abstention::at_least)
      .def_readonly("delta", &Abstention::delta)
      .def_readonly("coverage", &Abstention::coverage)
      .def_readonly("accuracy", &Abstention::accuracy)
      .def_readonly("inputs", &Abstention::inputs)
      .def_readonly("groups", &Abstention::groups,
                    "Of the inputs; each its own where there are none: as many.");
  Class<Rule, std::shared_ptr<Rule>>(module, "Rule");
}

using PolicyClass = Class<Policy, std::shared_ptr<Policy>>;

/// Its operating points, what they cost, and the inputs that they were found on.
void bind_choices(PolicyClass& policy) {
  policy.def_property_readonly("operating_points", reading("policy", &Policy::operating_points))
      .def_property_readonly("point", reading("policy", &Policy::point))
      .def("choose", &Policy::choose, py::arg("point"))
      .def_property_readonly("abstention", reading("policy", &Policy::abstention))
      .def("abstain", &Policy::abstain, py::arg("abstention"))
      .def("choose_for_budget", &Policy::choose_for_budget, py::arg("cost"))
      .def("reprice", &Policy::reprice, py::arg("costs"), py::arg("multiplexer_cost") = py::none(),
           Unlocked())
      .def("within", &Policy::within, py::arg("cost"))
      .def("cheapest_as_good", &Policy::cheapest_as_good, py::arg("accuracy"))
      .def("without", &Policy::without, py::arg("model"), Unlocked())
      .def_property_readonly("prices", reading("policy", &Policy::prices))
      .def_property_readonly("multiplexer_cost", reading("policy", &Policy::multiplexer_cost))
      .def_property_readonly(
          "encoder",
          reading("policy",
                  [](const Policy& policy) -> std::string {
                    const std::uint64_t first = policy.called_first();
                    if (first == 0) return {};
                    return policy.models()[std::countr_zero(first)];
                  }),
          "The model that is called first, for every input, as the multiplexer looks at what it\n"
          "gives; empty: none.")
      .def_property_readonly(
          "fitted_inputs",
          reading("policy", [](const Policy& policy) { return policy.fitted_on().places.size(); }),
          "How many inputs it was fitted on.")
      .def_property_readonly(
          "inputs_digest",
          reading("policy", [](const Policy& policy) { return policy.fitted_on().digest(); }),
          "Names the inputs it was fitted on, as OutcomeTable.inputs_digest does.")
      .def("unseen_rows", reading("policy.unseen_rows", &Policy::unseen_rows), py::arg("table"),
           Unlocked());
}

void bind_pool_of(PolicyClass& policy) {
  policy.def_property_readonly("models", reading("policy", &Policy::models))
      .def_property_readonly("classes", reading("policy", &Policy::classes))
      .def_property_readonly("class_names", reading("policy", &Policy::class_names))
      .def_property_readonly("by_quality", reading("policy", &Policy::by_quality))
      .def_property_readonly("costs", reading("policy", &Policy::costs));
}

void bind_policy(Module& module) {
  bind_policy_options(module);
  bind_points(module);
  PolicyClass policy(module, "Policy");
  bind_choices(policy);
  bind_pool_of(policy);
  policy.def_property_readonly("name", &Policy::name)
      .def_property_readonly("uses_multiplexer", &Policy::uses_multiplexer)
      .def_property_readonly("fitting_part", &Policy::fitting_part)
      .def("fit", &Policy::fit, py::arg("held_out"), Unlocked())
      .def("save", &Policy::save, py::arg("path"), Unlocked())
      .def_property_readonly("best_single", reading("policy", &Policy::best_single))
      .def_property_readonly("version", reading("policy", &Policy::version))
      .def_property_readonly(
          "cost_kind", [](const Policy& policy) { return policy.options().cost_kind; },
          text_of("PolicyOptions.cost_kind"))
      .def("decide", py::overload_cast<const OutcomeTable&>(&Policy::decide, py::const_),
           py::arg("table"), Unlocked(), "Decisions for a whole table.")
      .def("decide",
           py::overload_cast<const OutcomeTable&, const OperatingPoint&>(&Policy::decide,
                                                                         py::const_),
           py::arg("table"), py::arg("point"), Unlocked(), "The same at another operating point.")
      .def("scores_beyond", reading("policy.scores_beyond", &Policy::scores_beyond),
           py::arg("table"), Unlocked())
      .def("rule",
           reading("policy.rule",
                   [](const Policy& policy) { return std::shared_ptr<Rule>(policy.rule()); }))
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
}

void bind_recorder(Module& module) {
  Class<ReplayedRecord>(module, "ReplayedRecord")
      .def_readonly("called", &ReplayedRecord::called)
      .def_readonly("answer", &ReplayedRecord::answer)
      .def_readonly("same", &ReplayedRecord::same);
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
             py::arg("policy"), py::arg("lines"), Unlocked());
  Class<Recorder, std::shared_ptr<Recorder>>(module, "Recorder")
      .def(py::init(reading(
               "recorder",
               [](const Policy& policy, std::map<std::string, std::vector<double>> costs,
                  std::map<std::string, double> multiplexer_costs,
                  std::optional<std::size_t> point) {
                 return Recorder(policy, {std::move(costs), std::move(multiplexer_costs)}, point);
               })),
           py::arg("policy"), py::arg("costs"), py::arg("multiplexer_costs"),
           py::arg("point") = std::nullopt,
           "Of the policy's chosen operating point, or of another.\n\n"
           "Raises:\n    ValueError: no such point, or costs that do not fit.");
}

void bind_drift(Module& module) {
  Class<DriftMonitor, std::shared_ptr<DriftMonitor>>(module, "DriftMonitor")
      .def(py::init([](const std::map<std::string, std::vector<double>>& calibration,
                       std::string version, double alpha, std::uint64_t seed) {
             return std::make_shared<DriftMonitor>(calibration, std::move(version),
                                                   DriftOptions{alpha, seed});
           }),
           py::arg("calibration"), py::arg("version"), py::arg("alpha") = DriftOptions{}.alpha,
           py::arg("seed") = DriftOptions{}.seed,
           "A false alarm has probability alpha at most, over any number of inputs.\n\n"
           "Raises:\n    ValueError: values outside [0, 1], options out of range.")
      .def("observe", &DriftMonitor::observe, py::arg("values"))
      .def_property_readonly("alarm", &DriftMonitor::alarm)
      .def_property_readonly("e_value", &DriftMonitor::e_value)
      .def_property_readonly("cause", &DriftMonitor::cause)
      .def_property_readonly("alpha", &DriftMonitor::alpha)
      .def_property_readonly("observed", &DriftMonitor::observed)
      .def_property_readonly("calibrated_on", &DriftMonitor::calibrated_on)
      .def_property_readonly("version", &DriftMonitor::version, "Of its policy.")
      .def("save", &DriftMonitor::save, py::arg("path"))
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

void bind_records(Module& module) {
  bind_recorder(module);
  bind_drift(module);
}

}  // namespace

void bind_routing(Module& module) {
  bind_outcome_table(module);
  bind_divisions(module);
  bind_policy(module);
  bind_records(module);
}

}  // namespace muxnet::python
