#include "muxnet/evaluation/limits.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/evaluation/evaluate.hpp"

namespace muxnet {
namespace {

constexpr const char* where = "choose_within";

std::string describe(const Limit& limit) {
  switch (limit.statistic) {
    case Limit::Statistic::mean_cost:
      return "mean " + limit.name;
    case Limit::Statistic::p99_cost:
      return "p99 of " + limit.name;
    case Limit::Statistic::call_share:
      break;
  }
  return "call share of " + limit.name;
}

double figure_of(const Decisions& decisions, const OutcomeTable& table, const Limit& limit) {
  if (limit.statistic == Limit::Statistic::call_share) {
    const auto& names = table.models();
    const auto found = std::find(names.begin(), names.end(), limit.name);
    require(found != names.end(), where, "a model of the policy", limit.name);
    return decisions.called_shares(
        table.model_count())[static_cast<std::size_t>(found - names.begin())];
  }
  const auto costs = decisions.costs(table, limit.name);
  if (limit.statistic == Limit::Statistic::p99_cost) return tail_of(costs).p99;
  return std::accumulate(costs.begin(), costs.end(), 0.0) / static_cast<double>(costs.size());
}

}  // namespace

OperatingPoint choose_within(const Policy& policy, const OutcomeTable& recorded,
                             std::span<const Limit> limits) {
  require_unseen(policy, recorded);
  const OutcomeTable calibration = recorded.complete();
  std::optional<OperatingPoint> best;
  std::vector<double> least(limits.size(), std::numeric_limits<double>::infinity());
  for (const auto& point : policy.operating_points()) {
    const Decisions decisions = policy.decide(calibration, point);
    bool kept = true;
    for (std::size_t i = 0; i < limits.size(); ++i) {
      const double figure = figure_of(decisions, calibration, limits[i]);
      least[i] = std::min(least[i], figure);
      kept = kept && figure <= limits[i].at_most;
    }
    if (!kept) continue;
    auto measured = policy.measure(calibration, point.parameters);
    if (!best || measured.accuracy > best->accuracy ||
        (measured.accuracy == best->accuracy && measured.cost < best->cost)) {
      best = std::move(measured);
    }
  }
  for (std::size_t i = 0; i < limits.size(); ++i) {
    require(least[i] <= limits[i].at_most, where,
            text("a ", describe(limits[i]), " of at least ", least[i]), text(limits[i].at_most));
  }
  require(best.has_value(), where, "limits that one operating point keeps together", "others");
  return *best;
}

}  // namespace muxnet
