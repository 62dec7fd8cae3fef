#include "muxnet/evaluation/details.hpp"

#include <algorithm>

#include "muxnet/evaluation/guarantee.hpp"

namespace muxnet {

Recovery recovery(const std::vector<CurvePoint>& points, const OutcomeTable& table,
                  const std::string& cost_kind, std::size_t best) {
  static const std::vector<double> shares{0.5, 0.8, 0.95, 1.0};
  const auto& costs = table.costs(cost_kind);
  const auto accuracies = table.accuracies();
  const auto cheapest = std::min_element(costs.begin(), costs.end()) - costs.begin();
  const auto found = recovery_costs(points, accuracies[static_cast<std::size_t>(cheapest)],
                                    accuracies.at(best), shares);
  Recovery result;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    auto& share = result[shares[i]];
    if (found[i]) share = cost_share(*found[i], costs[best]);
  }
  return result;
}

Details look_closely(const Policy& policy, const OutcomeTable& recorded,
                     const Evaluation& evaluation) {
  const OutcomeTable table = recorded.complete();
  const auto decisions = policy.decide(table, {evaluation.parameters});
  return {evaluation.regret,
          recovery(accuracy_cost_curve(policy, table).points, table, policy.options().cost_kind,
                   policy.best_single()),
          failure_prediction(table),
          model_reliability(table, policy.calibration().get()),
          by_hardness(table, decisions),
          table.labelled() ? by_class(table, decisions) : std::vector<ClassStatistics>{}};
}

}  // namespace muxnet
