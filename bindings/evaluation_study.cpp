#include "bindings.hpp"
#include "holding.hpp"
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

void bind_more_of_evaluations(py::module_& module) {
  module.def(
      "evaluate",
      reading("evaluate",
              [](const Policy& policy, const OperatingPoint& point, const OutcomeTable& table,
                 std::uint64_t seed) { return evaluate(policy, point, table, {bootstrap(seed)}); }),
      py::arg("policy"), py::arg("point"), py::arg("table"), py::arg("seed") = 0, Unlocked(),
      "The same at another of its operating points.");
  module.def(
      "evaluate_models",
      [](const OutcomeTable& table, std::uint64_t seed) {
        return evaluate_models(table, bootstrap(seed));
      },
      py::arg("table"), py::arg("seed") = 0, Unlocked(),
      "(N), accuracy of each model alone, with its interval.");
  module.def(
      "in_pool", &in_pool, py::arg("evaluation"), py::arg("models"), py::arg("pool"),
      "An evaluation on some models of a pool, with called shares of all, 0 for the others.\n\n"
      "Raises:\n    ValueError: a model that the pool has not.");
  module.def("collapsed_model", &collapsed_model, py::arg("called_shares"),
             "The model that answers (nearly) everything: called alone for more than 99 % of the\n"
             "inputs.");
  module.def(
      "area_above",
      reading("area_above",
              [](const Policy& policy, const Policy& baseline, const OutcomeTable& table,
                 std::uint64_t seed, double up_to) {
                CurveOptions options;
                options.bootstrap = bootstrap(seed);
                options.up_to = up_to;
                return area_above(policy, baseline, table, options);
              }),
      py::arg("policy"), py::arg("baseline"), py::arg("table"), py::arg("seed") = 0, py::kw_only(),
      py::arg("up_to") = 0.0, Unlocked(),
      "area_between() a policy and a baseline, such as random mixing, fitted on the same table; "
      "None\nfor a policy of one operating point, and for the baseline itself.");
  module.def(
      "interpolate",
      [](const std::vector<std::pair<double, double>>& points, double cost) {
        std::vector<PlanePoint> plane;
        for (const auto& [x, y] : points) plane.push_back({x, y});
        return interpolate(plane, cost);
      },
      py::arg("points"), py::arg("cost"),
      "Accuracy at `cost` on the straight lines between points (cost, accuracy), level outside.\n\n"
      "Raises:\n    ValueError: no points.");
  module.def(
      "auroc",
      [](const Tensor& scores, const Tensor& positive) {
        return auroc(scores.span<float>(), positive.span<std::uint8_t>());
      },
      py::arg("scores"), py::arg("positive"), Unlocked(),
      "Area under the ROC curve: the probability that a positive scores above a negative, ties\n"
      "half; None where one of the two is missing. Scores f32 (n), positive u8 (n).\n\n"
      "Raises:\n    ValueError: the lengths differ.");
  module.def(
      "roc_curve",
      [](const Tensor& scores, const Tensor& positive) {
        std::vector<std::pair<double, double>> pairs;
        for (const auto& point : roc_curve(scores.span<float>(), positive.span<std::uint8_t>())) {
          pairs.emplace_back(point.false_positive_rate, point.true_positive_rate);
        }
        return pairs;
      },
      py::arg("scores"), py::arg("positive"), Unlocked(),
      "Pairs (false, true positive rate) from (0, 0) to (1, 1), by falling threshold, without the\n"
      "points between two equal steps. Scores f32 (n), positive u8 (n).\n\n"
      "Raises:\n    ValueError: the lengths differ, or positives or negatives are missing.");
}

void bind_promises(py::module_& module) {
  py::class_<KeptPromise>(module, "KeptPromise",
                          "What became of a promise over random divisions of recorded answers.")
      .def_readonly("promised", &KeptPromise::promised, "Divisions in which a point was certified.")
      .def_readonly("broken", &KeptPromise::broken,
                    "Of these, where it loses more than promised on all inputs.")
      .def_readonly("broken_elsewhere", &KeptPromise::broken_elsewhere,
                    "The same on the inputs not calibrated on.")
      .def_readonly("cost_share", &KeptPromise::cost_share,
                    "Mean cost of the certified points, as a share of the best single model's;\n"
                    "None: none was.");
  module.def(
      "count_kept",
      reading(
          "count_kept",
          [](const Policy& policy, const OutcomeTable& table, double drop, double delta,
             std::int64_t divisions, double fraction, std::uint64_t seed) {
            const auto progress = [] {
              if (!interpreter_runs()) return;
              const AcquireGil gil;
              if (PyErr_CheckSignals() != 0) throw py::error_already_set();
            };
            return count_kept(policy, table, {drop, delta, divisions, fraction, seed, progress});
          }),
      py::arg("policy"), py::arg("table"), py::kw_only(), py::arg("drop") = PromiseOptions{}.drop,
      py::arg("delta") = PromiseOptions{}.delta, py::arg("divisions") = PromiseOptions{}.divisions,
      py::arg("fraction") = PromiseOptions{}.fraction, py::arg("seed") = PromiseOptions{}.seed,
      Unlocked(),
      "Certifies a fitted policy on random parts of a table and counts promises that were "
      "broken.\n\nRaises:\n    ValueError: as certify(), and where a part would be empty.");
}

void bind_details(py::module_& module) {
  py::class_<Details>(module, "Details", "What lies behind an evaluation.")
      .def_readonly("regret", &Details::regret, "The oracle's accuracy less the policy's.")
      .def_readonly("recovered", &Details::recovered,
                    "By share of the gap from the cheapest to the best single model, the least\n"
                    "cost that recovers it, as a share of the best one's; None: no point does.")
      .def_readonly("auroc", &Details::auroc, "(N).")
      .def_readonly("hardness", &Details::hardness, "(N + 1).")
      .def_readonly("classes", &Details::classes, "(K).");
  module.def(
      "look_closely",
      reading("look_closely",
              [](const Policy& policy, const OutcomeTable& table, const Evaluation& evaluation) {
                return look_closely(policy, table, evaluation);
              }),
      py::arg("policy"), py::arg("table"), py::arg("evaluation"), Unlocked(),
      "An evaluation of a policy on a table, looked at closely.\n\n"
      "Raises:\n    ValueError: inputs that it was fitted on.");
}

void bind_records_of_a_study(py::module_& module) {
  py::class_<ModelFigures>(module, "ModelFigures", "One model alone.")
      .def_readonly("name", &ModelFigures::name)
      .def_readonly("accuracy", &ModelFigures::accuracy)
      .def_readonly("cost", &ModelFigures::cost, "In the unit of its kind.")
      .def_readonly("only_right", &ModelFigures::only_right,
                    "Share of the inputs that no other model gets right.");
  py::class_<PolicyFigures>(module, "PolicyFigures",
                            "A policy over budgets; costs are shares of the best single model's.")
      .def_readonly("name", &PolicyFigures::name)
      .def_readonly("area", &PolicyFigures::area,
                    "area_above() random mixing up to the best single model's cost.")
      .def_property_readonly(
          "curve", [](const PolicyFigures& figures) { return pairs_of(figures.curve); },
          "Pairs (cost, accuracy).")
      .def_readonly("accuracy_at", &PolicyFigures::accuracy_at,
                    "By budget, at the point chosen for it on the fitting part; None: all cost "
                    "more.")
      .def_readonly("recovered", &PolicyFigures::recovered);
  py::class_<Choice>(module, "Choice",
                     "An operating point chosen on the fitting part, against the best single "
                     "model.")
      .def_readonly("cost", &Choice::cost, "A share of the best single model's.")
      .def_readonly("accuracy", &Choice::accuracy)
      .def_readonly("difference", &Choice::difference, "Of accuracies, paired.");
  py::class_<Diversity>(module, "Diversity", "How differently models err, in shares of the inputs.")
      .def_readonly("disagreement", &Diversity::disagreement,
                    "Two models answer differently, the mean over pairs.")
      .def_readonly("double_fault", &Diversity::double_fault,
                    "Two models are both wrong, the mean over pairs.")
      .def_readonly("all_wrong", &Diversity::all_wrong)
      .def_readonly("oracle_gain", &Diversity::oracle_gain,
                    "The best single model is wrong, another model right.");
  py::class_<LeftOut>(module, "LeftOut",
                      "A policy that the table has nothing for to look at, and what that would be.")
      .def_readonly("policy", &LeftOut::policy)
      .def_readonly("want", &LeftOut::want);
  py::enum_<Verdict>(module, "Verdict",
                     "Whether a policy is as good as the best single model for less, or better for "
                     "as much.")
      .value("pays", Verdict::pays)
      .value("unclear", Verdict::unclear)
      .value("does_not_pay", Verdict::does_not_pay);
  module.attr("AS_GOOD_WITHIN") = as_good_within;
}

void bind_study(py::module_& module) {
  bind_records_of_a_study(module);
  py::class_<Study>(module, "Study", "What recorded answers say about multiplexing.")
      .def_readonly("cost_kind", &Study::cost_kind)
      .def_readonly("best_single", &Study::best_single, "Its place among the models.")
      .def_readonly("models", &Study::models)
      .def_readonly("policies", &Study::policies)
      .def_readonly("left_out", &Study::left_out)
      .def_readonly("saving", &Study::saving, "Cheapest with the best single model's accuracy.")
      .def_readonly("gain", &Study::gain, "Most accurate at the best single model's cost.")
      .def_readonly("diversity", &Study::diversity)
      .def_readonly("verdict", &Study::verdict)
      .def_readonly("details", &Study::details, "Of the policy at its default point.");
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
      py::arg("cost_kind") = StudyOptions{}.cost_kind, py::arg("policy"), py::arg("seed") = 0,
      Unlocked(),
      "Fits every policy that `held_out` suffices for, and evaluates it on `test`; `policy` is "
      "the\n"
      "one of which saving, gain and details are.\n\n"
      "Raises:\n    ValueError: fewer than two models, an unknown kind of cost, tables that do not "
      "fit\n        each other or share inputs.");
}

}  // namespace

void bind_studies(py::module_& module) {
  bind_more_of_evaluations(module);
  bind_promises(module);
  bind_details(module);
  bind_study(module);
}

}  // namespace muxnet::python
