#include "muxnet/evaluation/cross_validation.hpp"

#include <numeric>

#include "muxnet/routing/division.hpp"

namespace muxnet {
namespace {

OperatingPoint point_for(const Policy& policy, const std::optional<double>& budget) {
  if (!budget) return policy.point();
  const auto within = policy.within(*budget);
  return within ? *within : policy.operating_points().front();
}

/// Inputs that every model answered.
struct Complete {
  std::vector<std::int64_t> rows;  ///< of the table
  std::vector<std::size_t> at;     ///< among all such inputs
};

/// Adds what a policy does with some of `count` inputs.
void decide_part(const Policy& policy, const OutcomeTable& table, const Complete& own,
                 std::size_t count, const std::vector<std::optional<double>>& budgets,
                 std::vector<CrossValidated>& found) {
  if (own.rows.empty()) return;
  const OutcomeTable part = table.subset(own.rows);
  for (std::size_t i = 0; i < budgets.size(); ++i) {
    const auto decisions = policy.decide(part, point_for(policy, budgets[i]));
    const auto quality = decisions.quality(part);
    const auto costs = decisions.costs(part, policy.options().cost_kind);
    for (std::size_t j = 0; j < own.at.size(); ++j) found[i].quality[own.at[j]] = quality[j];
    found[i].cost += std::accumulate(costs.begin(), costs.end(), 0.0) / static_cast<double>(count);
  }
}

}  // namespace

std::vector<CrossValidated> cross_validate(const PolicyMaker& make, const Policy& policy,
                                           const OutcomeTable& table,
                                           const std::vector<std::optional<double>>& budgets,
                                           const CrossValidationOptions& options) {
  const auto fold_of = draw_folds(InputGroups(table), options.folds, options.seed);
  const auto complete = table.complete_rows();
  std::vector<CrossValidated> found(budgets.size());
  for (auto& at : found) at.quality.resize(complete.size());
  for (std::int64_t fold = 0; fold < options.folds; ++fold) {
    std::vector<std::int64_t> others;
    for (std::size_t row = 0; row < fold_of.size(); ++row) {
      if (fold_of[row] != fold) others.push_back(static_cast<std::int64_t>(row));
    }
    Complete own;
    for (std::size_t i = 0; i < complete.size(); ++i) {
      if (fold_of[static_cast<std::size_t>(complete[i])] != fold) continue;
      own.rows.push_back(complete[i]);
      own.at.push_back(i);
    }
    const auto fitted = make(policy.name(), policy.options());
    fitted->fit(table.subset(others));
    decide_part(*fitted, table, own, complete.size(), budgets, found);
    if (options.progress) options.progress();
  }
  return found;
}

}  // namespace muxnet
