#include "bindings.hpp"
#include "holding.hpp"
#include "muxnet/evaluation/curve.hpp"
#include "muxnet/evaluation/evaluate.hpp"
#include "muxnet/evaluation/failure.hpp"
#include "muxnet/evaluation/guarantee.hpp"
#include "muxnet/evaluation/hardness.hpp"
#include "muxnet/evaluation/limits.hpp"

namespace muxnet::python {
namespace {

std::vector<const Policy*> pointers(const std::vector<std::shared_ptr<Policy>>& policies) {
  std::vector<const Policy*> result;
  for (const auto& policy : policies) result.push_back(policy.get());
  return result;
}

void bind_figures_of_policies(py::module_& module) {
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

void bind_choices(py::module_& module) {
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
}

}  // namespace

void bind_evaluation(py::module_& module) {
  bind_figures_of_policies(module);
  bind_choices(module);
}

}  // namespace muxnet::python
