#include "muxnet/evaluation/cross_validation.hpp"

#include <numeric>

#include "muxnet/routing/division.hpp"

namespace muxnet {
namespace {

/// The rows in part `fold`, or all others.
std::vector<std::int64_t> rows_of(const std::vector<std::int64_t>& places, std::int64_t fold,
                                  bool others) {
  std::vector<std::int64_t> rows;
  for (std::size_t row = 0; row < places.size(); ++row) {
    if ((places[row] == fold) != others) rows.push_back(static_cast<std::int64_t>(row));
  }
  return rows;
}

/// Adds what a policy does with the rows `own` of a table.
void decide_part(const Policy& policy, const OutcomeTable& table,
                 const std::vector<std::int64_t>& own, const std::vector<double>& budgets,
                 std::vector<CrossValidated>& found) {
  const OutcomeTable part = table.subset(own);
  for (std::size_t i = 0; i < budgets.size(); ++i) {
    const auto within = policy.within(budgets[i]);
    const auto decisions =
        policy.decide(part, within ? *within : policy.operating_points().front());
    const auto quality = decisions.quality(part);
    const auto costs = decisions.costs(part, policy.options().cost_kind);
    for (std::size_t j = 0; j < own.size(); ++j) {
      found[i].quality[static_cast<std::size_t>(own[j])] = quality[j];
    }
    found[i].cost +=
        std::accumulate(costs.begin(), costs.end(), 0.0) / static_cast<double>(table.size());
  }
}

}  // namespace

std::vector<CrossValidated> cross_validate(const PolicyMaker& make, const Policy& policy,
                                           const OutcomeTable& recorded,
                                           const std::vector<double>& budgets,
                                           const CrossValidationOptions& options) {
  const OutcomeTable table = recorded.complete();
  const auto places = draw_folds(InputGroups(table), options.folds, options.seed);
  std::vector<CrossValidated> found(budgets.size());
  for (auto& at : found) at.quality.resize(places.size());
  for (std::int64_t fold = 0; fold < options.folds; ++fold) {
    const auto fitted = make(policy.name(), policy.options());
    fitted->fit(table.subset(rows_of(places, fold, true)));
    decide_part(*fitted, table, rows_of(places, fold, false), budgets, found);
    if (options.progress) options.progress();
  }
  return found;
}

}  // namespace muxnet
