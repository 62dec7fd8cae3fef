#include "bindings.hpp"
#include "holding.hpp"
#include "muxnet/evaluation/abstaining.hpp"
#include "muxnet/evaluation/cross_validation.hpp"
#include "muxnet/evaluation/promises.hpp"
#include "muxnet/evaluation/study.hpp"
#include "muxnet/policies/registry.hpp"

namespace muxnet::python {
namespace {

BootstrapOptions bootstrap(std::uint64_t seed) {
  BootstrapOptions options;
  options.seed = seed;
  return options;
}

/// As pairs (cost, accuracy).
std::vector<std::pair<double, double>> pairs_of(const std::vector<PlanePoint>& points) {
  std::vector<std::pair<double, double>> pairs;
  for (const auto& point : points) pairs.emplace_back(point.cost, point.accuracy);
  return pairs;
}

void bind_scores(Module& module) {
  module.def(
      "interpolate",
      [](const std::vector<std::pair<double, double>>& points, double cost) {
        std::vector<PlanePoint> plane;
        for (const auto& [x, y] : points) plane.push_back({x, y});
        return interpolate(plane, cost);
      },
      py::arg("points"), py::arg("cost"));
  module.def(
      "auroc",
      [](const Tensor& scores, const Tensor& positive) {
        return auroc(scores.span<float>(), positive.span<std::uint8_t>());
      },
      py::arg("scores"), py::arg("positive"), Unlocked());
  module.def(
      "roc_curve",
      [](const Tensor& scores, const Tensor& positive) {
        std::vector<std::pair<double, double>> pairs;
        for (const auto& point : roc_curve(scores.span<float>(), positive.span<std::uint8_t>())) {
          pairs.emplace_back(point.false_positive_rate, point.true_positive_rate);
        }
        return pairs;
      },
      py::arg("scores"), py::arg("positive"), Unlocked());
}

void bind_more_of_evaluations(Module& module) {
  bind_scores(module);
  module.def(
      "evaluate",
      reading("evaluate",
              [](const Policy& policy, const OperatingPoint& point, const OutcomeTable& table,
                 std::uint64_t seed) { return evaluate(policy, point, table, {bootstrap(seed)}); }),
      py::arg("policy"), py::arg("point"), py::arg("table"),
      py::arg("seed") = BootstrapOptions{}.seed, Unlocked());
  module.def(
      "evaluate_models",
      [](const OutcomeTable& table, std::uint64_t seed) {
        return evaluate_models(table, bootstrap(seed));
      },
      py::arg("table"), py::arg("seed") = BootstrapOptions{}.seed, Unlocked());
  module.def("in_pool", &in_pool, py::arg("evaluation"), py::arg("models"), py::arg("pool"));
  module.def("collapsed_model", &collapsed_model, py::arg("called_shares"));
  module.def("area_above",
             reading("area_above",
                     [](const Policy& policy, const Policy& baseline, const OutcomeTable& table,
                        std::uint64_t seed, double up_to) {
                       CurveOptions options;
                       options.bootstrap = bootstrap(seed);
                       options.up_to = up_to;
                       return area_above(policy, baseline, table, options);
                     }),
             py::arg("policy"), py::arg("baseline"), py::arg("table"),
             py::arg("seed") = BootstrapOptions{}.seed, py::kw_only(),
             py::arg("up_to") = CurveOptions{}.up_to, Unlocked());
}

/// Between divisions: they may take long.
void check_signals() {
  if (!interpreter_runs()) return;
  const AcquireGil gil;
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
}

void bind_kept_abstentions(Module& module) {
  using Options = KeptAbstentionOptions;
  Class<KeptAbstention>(module, "KeptAbstention")
      .def_readonly("promised", &KeptAbstention::promised)
      .def_readonly("broken", &KeptAbstention::broken)
      .def_readonly("broken_elsewhere", &KeptAbstention::broken_elsewhere,
                    "The same on the inputs not calibrated on.")
      .def_readonly("coverage", &KeptAbstention::coverage);
  module.def(
      "count_kept_abstentions",
      reading("count_kept_abstentions",
              [](const Policy& policy, const OutcomeTable& table, double at_least, double delta,
                 std::int64_t divisions, double fraction, std::uint64_t seed) {
                return count_kept_abstentions(
                    policy, table, {at_least, delta, divisions, fraction, seed, check_signals});
              }),
      py::arg("policy"), py::arg("table"), py::kw_only(), py::arg("at_least") = Options{}.at_least,
      py::arg("delta") = Options{}.delta, py::arg("divisions") = Options{}.divisions,
      py::arg("fraction") = Options{}.fraction, py::arg("seed") = Options{}.seed, Unlocked());
}

void bind_promises(Module& module) {
  Class<KeptPromise>(module, "KeptPromise")
      .def_readonly("promised", &KeptPromise::promised)
      .def_readonly("broken", &KeptPromise::broken)
      .def_readonly("broken_elsewhere", &KeptPromise::broken_elsewhere,
                    "The same on the inputs not calibrated on.")
      .def_readonly("cost_share", &KeptPromise::cost_share);
  module.def("count_kept",
             reading("count_kept",
                     [](const Policy& policy, const OutcomeTable& table, double drop, double delta,
                        std::int64_t divisions, double fraction, std::uint64_t seed) {
                       return count_kept(policy, table,
                                         {drop, delta, divisions, fraction, seed, check_signals});
                     }),
             py::arg("policy"), py::arg("table"), py::kw_only(),
             py::arg("drop") = PromiseOptions{}.drop, py::arg("delta") = PromiseOptions{}.delta,
             py::arg("divisions") = PromiseOptions{}.divisions,
             py::arg("fraction") = PromiseOptions{}.fraction,
             py::arg("seed") = PromiseOptions{}.seed, Unlocked());
}

void bind_cross_validation(Module& module) {
  using Options = CrossValidationOptions;
  Class<CrossValidated>(module, "CrossValidated")
      .def_readonly("cost", &CrossValidated::cost)
      .def_readonly("quality", &CrossValidated::quality);
  module.def("cross_validate",
             reading("cross_validate",
                     [](const Policy& policy, const OutcomeTable& table,
                        const std::vector<std::optional<double>>& budgets, std::int64_t folds,
                        std::uint64_t seed) {
                       return cross_validate(make_policy, policy, table, budgets,
                                             {folds, seed, check_signals});
                     }),
             py::arg("policy"), py::arg("table"), py::arg("budgets"), py::kw_only(),
             py::arg("folds") = Options{}.folds, py::arg("seed") = Options{}.seed, Unlocked());
}

void bind_reliability(Module& module) {
  Class<ReliabilityBin>(module, "ReliabilityBin")
      .def_readonly("inputs", &ReliabilityBin::inputs)
      .def_readonly("confidence", &ReliabilityBin::confidence)
      .def_readonly("accuracy", &ReliabilityBin::accuracy);
  Class<Reliability>(module, "Reliability")
      .def_readonly("error", &Reliability::error)
      .def_readonly("chance", &Reliability::chance)
      .def_readonly("bins", &Reliability::bins);
  Class<ModelReliability>(module, "ModelReliability")
      .def_readonly("given", &ModelReliability::given)
      .def_readonly("calibrated", &ModelReliability::calibrated);
  module.def("model_reliability",
             py::overload_cast<const OutcomeTable&, const OutcomeTable&>(&model_reliability),
             py::arg("held_out"), py::arg("table"), Unlocked());
}

void bind_details(Module& module) {
  Class<Details>(module, "Details")
      .def_readonly("regret", &Details::regret)
      .def_readonly("recovered", &Details::recovered,
                    "By share of the gap from the cheapest to the best single model, the least\n"
                    "cost that recovers it, as a share of the best one's; None: no point does.")
      .def_readonly("auroc", &Details::auroc)
      .def_readonly("reliability", &Details::reliability)
      .def_readonly("hardness", &Details::hardness)
      .def_readonly("classes", &Details::classes);
  module.def(
      "look_closely",
      reading("look_closely",
              [](const Policy& policy, const OutcomeTable& table, const Evaluation& evaluation) {
                return look_closely(policy, table, evaluation);
              }),
      py::arg("policy"), py::arg("table"), py::arg("evaluation"), Unlocked());
}

void bind_records_of_a_study(Module& module) {
  Class<ModelStudy>(module, "ModelStudy")
      .def_readonly("name", &ModelStudy::name)
      .def_readonly("accuracy", &ModelStudy::accuracy)
      .def_readonly("cost", &ModelStudy::cost)
      .def_readonly("only_right", &ModelStudy::only_right);
  Class<PolicyStudy>(module, "PolicyStudy")
      .def_readonly("name", &PolicyStudy::name)
      .def_readonly("area", &PolicyStudy::area)
      .def_property_readonly(
          "curve", [](const PolicyStudy& entry) { return pairs_of(entry.curve); },
          "Pairs (cost, accuracy).")
      .def_readonly("accuracy_at", &PolicyStudy::accuracy_at)
      .def_readonly("recovered", &PolicyStudy::recovered);
  Class<Choice>(module, "Choice")
      .def_readonly("cost", &Choice::cost)
      .def_readonly("accuracy", &Choice::accuracy)
      .def_readonly("difference", &Choice::difference)
      .def_readonly("multiplexed", &Choice::multiplexed)
      .def_readonly("alone", &Choice::alone);
  Class<Diversity>(module, "Diversity")
      .def_readonly("disagreement", &Diversity::disagreement)
      .def_readonly("double_fault", &Diversity::double_fault)
      .def_readonly("all_wrong", &Diversity::all_wrong)
      .def_readonly("oracle_gain", &Diversity::oracle_gain);
  Class<LeftOut>(module, "LeftOut")
      .def_readonly("policy", &LeftOut::policy)
      .def_readonly("want", &LeftOut::want);
  Enumeration<Verdict>(module, "Verdict")
      .value("pays", Verdict::pays)
      .value("pays_at_full_cost", Verdict::pays_at_full_cost)
      .value("unclear", Verdict::unclear)
      .value("does_not_pay", Verdict::does_not_pay);
  module.attr("AS_GOOD_WITHIN") = as_good_within;
}

void bind_study(Module& module) {
  bind_records_of_a_study(module);
  Class<Study>(module, "Study")
      .def_readonly("cost_kind", &Study::cost_kind)
      .def_readonly("best_single", &Study::best_single)
      .def_readonly("models", &Study::models)
      .def_readonly("policies", &Study::policies)
      .def_readonly("left_out", &Study::left_out)
      .def_readonly("saving", &Study::saving)
      .def_readonly("gain", &Study::gain)
      .def_readonly("diversity", &Study::diversity)
      .def_readonly("verdict", &Study::verdict)
      .def_readonly("details", &Study::details);
  module.def(
      "study",
      [](const OutcomeTable& held_out, const OutcomeTable& test, const std::string& cost_kind,
         const std::string& policy, std::uint64_t seed) {
        StudyOptions options;
        options.cost_kind = cost_kind;
        options.policies = studied_policies();
        options.policy = policy;
        options.bootstrap = bootstrap(seed);
        return study(make_policy, held_out, test, options);
      },
      py::arg("held_out"), py::arg("test"), py::kw_only(),
      py::arg("cost_kind") = StudyOptions{}.cost_kind, py::arg("policy"),
      py::arg("seed") = BootstrapOptions{}.seed, Unlocked());
}

}  // namespace

void bind_studies(Module& module) {
  bind_more_of_evaluations(module);
  bind_promises(module);
  bind_kept_abstentions(module);
  bind_cross_validation(module);
  bind_reliability(module);
  bind_details(module);
  bind_study(module);
}

}  // namespace muxnet::python
