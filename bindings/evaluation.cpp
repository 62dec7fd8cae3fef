#include "bindings.hpp"
#include "holding.hpp"
#include "muxnet/evaluation/abstaining.hpp"
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

BootstrapOptions bootstrap(std::uint64_t seed) {
  BootstrapOptions options;
  options.seed = seed;
  return options;
}

void bind_estimates(Module& module) {
  Class<Interval>(module, "Interval")
      .def_readonly("low", &Interval::low)
      .def_readonly("high", &Interval::high);
  Class<Estimate>(module, "Estimate")
      .def_readonly("value", &Estimate::value)
      .def_readonly("interval", &Estimate::interval);
  Class<CostStatistics>(module, "CostStatistics")
      .def_readonly("mean", &CostStatistics::mean)
      .def_readonly("p99", &CostStatistics::p99)
      .def_readonly("worst", &CostStatistics::worst);
}

void bind_by_input(Module& module) {
  Class<FailurePrediction>(module, "FailurePrediction")
      .def_readonly("confidence", &FailurePrediction::confidence, "None: it gave none.")
      .def_readonly("multiplexer", &FailurePrediction::multiplexer, "None: the table has none.");
  Class<ClassStatistics>(module, "ClassStatistics")
      .def_readonly("inputs", &ClassStatistics::inputs)
      .def_readonly("accuracy", &ClassStatistics::accuracy);
  Class<HardnessLevel>(module, "HardnessLevel")
      .def_readonly("inputs", &HardnessLevel::inputs)
      .def_readonly("accuracy", &HardnessLevel::accuracy)
      .def_readonly("called_shares", &HardnessLevel::called_shares);
  module.def("hardness_levels", &by_hardness, py::arg("table"), py::arg("decisions"), Unlocked(),
             "What the decisions do at each number of failing models, 0..N.");
  module.def("class_statistics", &by_class, py::arg("table"), py::arg("decisions"), Unlocked(),
             "(K), what the decisions do with each class.");
  module.def("failure_prediction", &failure_prediction, py::arg("table"), Unlocked());
}

void bind_evaluations(Module& module) {
  Class<Evaluation>(module, "Evaluation")
      .def_readonly("policy", &Evaluation::policy)
      .def_readonly("parameters", &Evaluation::parameters)
      .def_readonly("accuracy", &Evaluation::accuracy)
      .def_readonly("inputs", &Evaluation::inputs)
      .def_readonly("groups", &Evaluation::groups,
                    "Of the inputs; each its own where there are none: as many.")
      .def_readonly("regret", &Evaluation::regret)
      .def_readonly("costs", &Evaluation::costs)
      .def_readonly("models_per_input", &Evaluation::models_per_input)
      .def_readonly("called_shares", &Evaluation::called_shares)
      .def_readonly("collapse", &Evaluation::collapse)
      .def_readonly("quality", &Evaluation::quality);
  Class<CurvePoint>(module, "CurvePoint")
      .def_readonly("parameters", &CurvePoint::parameters)
      .def_readonly("cost", &CurvePoint::cost)
      .def_readonly("accuracy", &CurvePoint::accuracy);
  module.def("evaluate",
             reading("evaluate",
                     [](const Policy& policy, const OutcomeTable& table, std::uint64_t seed) {
                       return evaluate(policy, table, {bootstrap(seed)});
                     }),
             py::arg("policy"), py::arg("table"), py::arg("seed") = BootstrapOptions{}.seed,
             Unlocked());
  module.def("accuracy_cost_curve",
             reading("accuracy_cost_curve",
                     [](const Policy& policy, const OutcomeTable& table) {
                       return accuracy_cost_curve(policy, table).points;
                     }),
             py::arg("policy"), py::arg("table"), Unlocked(), "A policy's family over budgets.");
}

void bind_areas(Module& module) {
  module.def(
      "area_between",
      reading("area_between",
              [](const Policy& policy, const Policy& other, const OutcomeTable& table,
                 std::uint64_t seed, double up_to) {
                CurveOptions options;
                options.bootstrap = bootstrap(seed);
                options.up_to = up_to;
                return area_between(policy, other, table, options);
              }),
      py::arg("policy"), py::arg("other"), py::arg("table"),
      py::arg("seed") = BootstrapOptions{}.seed, py::kw_only(),
      py::arg("up_to") = CurveOptions{}.up_to, Unlocked(),
      "Mean height of one curve above the other, with its paired interval; over the costs that\n"
      "both reach, or up to a cost, a curve going on level beyond its last point.");
  module.def(
      "area_between",
      reading("area_between",
              [](const std::vector<std::shared_ptr<Policy>>& policies,
                 const std::vector<std::shared_ptr<Policy>>& others,
                 const std::vector<OutcomeTable>& tables, std::uint64_t seed, double up_to) {
                CurveOptions options;
                options.bootstrap = bootstrap(seed);
                options.up_to = up_to;
                std::vector<const OutcomeTable*> each;
                for (const auto& table : tables) each.push_back(&table);
                return area_between(pointers(policies), pointers(others), each, options);
              }),
      py::arg("policies"), py::arg("others"), py::arg("tables"),
      py::arg("seed") = BootstrapOptions{}.seed, py::kw_only(),
      py::arg("up_to") = CurveOptions{}.up_to, Unlocked(),
      "The mean of the same over pairs, each fitted with another seed or on other models, with a\n"
      "table of its own; interval over pairs and inputs.\n\n"
      "Raises:\n    ValueError: tables of different inputs.");
}

void bind_bootstrap(Module& module) {
  module.def(
      "bootstrap_replicates",
      [](const std::vector<std::vector<double>>& columns, std::uint64_t seed,
         const Tensor& groups) {
        const std::size_t inputs = columns.empty() ? 0 : columns.front().size();
        return bootstrap_replicates(columns, InputGroups(inputs, groups), bootstrap(seed));
      },
      py::arg("columns"), py::arg("seed") = BootstrapOptions{}.seed, py::kw_only(),
      py::arg("groups") = Tensor(), Unlocked());
  module.def(
      "bootstrap_mean",
      [](const std::vector<double>& values, std::uint64_t seed, const Tensor& groups) {
        return bootstrap_mean(values, InputGroups(values.size(), groups), bootstrap(seed));
      },
      py::arg("values"), py::arg("seed") = BootstrapOptions{}.seed, py::kw_only(),
      py::arg("groups") = Tensor(), Unlocked());
  module.def(
      "bootstrap_difference",
      [](const std::vector<double>& a, const std::vector<double>& b, std::uint64_t seed,
         const Tensor& groups) {
        return bootstrap_difference(a, b, InputGroups(a.size(), groups), bootstrap(seed));
      },
      py::arg("a"), py::arg("b"), py::arg("seed") = BootstrapOptions{}.seed, py::kw_only(),
      py::arg("groups") = Tensor(), Unlocked());
}

void bind_policy_evaluations(Module& module) {
  bind_estimates(module);
  bind_by_input(module);
  bind_evaluations(module);
  bind_areas(module);
  bind_bootstrap(module);
  module.def("recovery_costs", &recovery_costs, py::arg("points"), py::arg("start"), py::arg("to"),
             py::arg("shares"), Unlocked());
  module.def("right_wrong_matrix", &right_wrong_matrix, py::arg("table"), Unlocked());
}

void bind_abstaining(Module& module) {
  Class<Abstaining>(module, "Abstaining")
      .def_readonly("abstention", &Abstaining::abstention)
      .def_readonly("inputs", &Abstaining::inputs)
      .def_readonly("groups", &Abstaining::groups,
                    "Of the inputs; each its own where there are none: as many.")
      .def_readonly("accuracy", &Abstaining::accuracy)
      .def_readonly("inputs_needed", &Abstaining::inputs_needed);
  module.def("find_abstention",
             reading("find_abstention",
                     [](const Policy& policy, const OutcomeTable& calibration, double at_least,
                        double delta, std::uint64_t seed) {
                       AbstainingOptions options;
                       options.at_least = at_least;
                       options.delta = delta;
                       options.seed = seed;
                       return find_abstention(policy, calibration, options);
                     }),
             py::arg("policy"), py::arg("calibration"),
             py::arg("at_least") = AbstainingOptions{}.at_least,
             py::arg("delta") = AbstainingOptions{}.delta,
             py::arg("seed") = AbstainingOptions{}.seed, Unlocked());
}

void bind_answered(Module& module) {
  Class<Answered>(module, "Answered")
      .def_readonly("inputs", &Answered::inputs)
      .def_readonly("groups", &Answered::groups,
                    "Of the inputs; each its own where there are none: as many.")
      .def_readonly("coverage", &Answered::coverage)
      .def_readonly("accuracy", &Answered::accuracy);
  module.def("evaluate_answered",
             reading("evaluate_answered",
                     [](const Policy& policy, const OutcomeTable& table, std::uint64_t seed) {
                       return evaluate_answered(policy, table, bootstrap(seed));
                     }),
             py::arg("policy"), py::arg("table"), py::arg("seed") = BootstrapOptions{}.seed,
             Unlocked());
}

void bind_choices(Module& module) {
  Class<Guarantee>(module, "Guarantee")
      .def_readonly("point", &Guarantee::point)
      .def_readonly("reference_cost", &Guarantee::reference_cost)
      .def_readonly("inputs", &Guarantee::inputs)
      .def_readonly("groups", &Guarantee::groups,
                    "Of the inputs; each its own where there are none: as many.")
      .def_readonly("inputs_needed", &Guarantee::inputs_needed);
  module.def("certify",
             reading("certify",
                     [](const Policy& policy, const OutcomeTable& calibration, double drop,
                        double delta, std::uint64_t seed) {
                       return certify(policy, calibration,
                                      {.drop = drop, .delta = delta, .seed = seed});
                     }),
             py::arg("policy"), py::arg("calibration"), py::arg("drop") = GuaranteeOptions{}.drop,
             py::arg("delta") = GuaranteeOptions{}.delta, py::arg("seed") = GuaranteeOptions{}.seed,
             Unlocked());
  Class<Limit> limit(module, "Limit");
  Enumeration<Limit::Statistic>(limit, "Statistic")
      .value("mean_cost", Limit::Statistic::mean_cost)
      .value("p99_cost", Limit::Statistic::p99_cost)
      .value("call_share", Limit::Statistic::call_share);
  limit.def(py::init([](Limit::Statistic statistic, std::string name, double at_most) {
              return Limit{statistic, std::move(name), at_most};
            }),
            py::arg("statistic"), py::arg("name"), py::arg("at_most"),
            "`name`: the kind of cost, or the model whose share of calls it is.");
  module.def("choose_within",
             reading("choose_within",
                     [](const Policy& policy, const OutcomeTable& calibration,
                        const std::vector<Limit>& limits) {
                       return choose_within(policy, calibration, limits);
                     }),
             py::arg("policy"), py::arg("calibration"), py::arg("limits"), Unlocked());
}

}  // namespace

void bind_evaluation(Module& module) {
  bind_policy_evaluations(module);
  bind_choices(module);
  bind_abstaining(module);
  bind_answered(module);
}

}  // namespace muxnet::python
