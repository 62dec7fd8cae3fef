#include "muxnet/evaluation/guarantee.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/core/random.hpp"
#include "muxnet/evaluation/bets.hpp"
#include "muxnet/evaluation/evaluate.hpp"
#include "muxnet/routing/pareto.hpp"

namespace muxnet {
namespace {

/// Differences of groups in the order in which they are bet on.
std::vector<double> differences(const Policy& policy, const OperatingPoint& point,
                                const OutcomeTable& table, const InputGroups& groups,
                                const std::vector<std::int64_t>& order, double drop) {
  const auto lost = lost_against(policy, point, table);
  const auto each = group_values(lost, groups, -drop);
  std::vector<double> result;
  for (const std::int64_t group : order) result.push_back(each[static_cast<std::size_t>(group)]);
  return result;
}

/// Of as many inputs as groups have here.
std::int64_t inputs_needed(std::span<const double> differences, const InputGroups& groups,
                           const GuaranteeOptions& options) {
  const auto needed = values_needed(differences, -options.drop, options.delta);
  if (groups.count() == groups.inputs()) return needed;
  return static_cast<std::int64_t>(
      std::ceil(static_cast<double>(needed) * static_cast<double>(groups.inputs()) /
                static_cast<double>(groups.count())));
}

}  // namespace

std::vector<double> beyond(std::vector<double> worth, const OutcomeTable& table,
                           std::size_t model) {
  const auto* alone = table.quality().data<float>() + model;
  const auto models = static_cast<std::size_t>(table.model_count());
  for (std::size_t i = 0; i < worth.size(); ++i) {
    worth[i] -= static_cast<double>(alone[i * models]);
  }
  return worth;
}

std::vector<double> lost_against(const Policy& policy, const OperatingPoint& point,
                                 const OutcomeTable& table) {
  return beyond(policy.decide(table, point).quality(table), table, policy.best_single());
}

std::optional<double> cost_share(double cost, double whole) {
  if (whole > 0) return cost / whole;
  if (cost == whole) return 1.0;
  return std::nullopt;
}

double drop_p_value(std::span<const double> differences, double drop) {
  require(drop > 0 && drop < 1, "drop_p_value", "a drop in (0, 1)", text(drop));
  std::vector<double> values;
  for (const double difference : differences) {
    require(difference >= -1 && difference <= 1, "drop_p_value", "differences in [-1, 1]",
            text(difference));
    values.push_back((1 + difference) / 2);
  }
  return mean_p_value(values, (1 - drop) / 2, 0.5);
}

Guarantee certify(const Policy& policy, const OutcomeTable& recorded,
                  const GuaranteeOptions& options) {
  constexpr auto where = "certify";
  require(options.delta > 0 && options.delta < 1, where, "a delta in (0, 1)", text(options.delta));
  require(options.max_points >= 2, where, "max_points of at least 2", text(options.max_points));
  require_unseen(policy, recorded);
  const OutcomeTable calibration = recorded.complete();
  const std::string& kind = policy.options().cost_kind;
  const InputGroups groups(calibration);
  const auto order =
      Random(options.seed, 0xCA11B).permutation(static_cast<std::int64_t>(groups.count()));
  std::vector<PlanePoint> plane;
  for (const auto& point : policy.operating_points()) plane.push_back({point.cost, point.accuracy});
  auto tested = spread(plane, static_cast<std::size_t>(options.max_points));
  std::reverse(tested.begin(), tested.end());

  Guarantee result;
  result.inputs = static_cast<std::int64_t>(groups.inputs());
  result.groups = static_cast<std::int64_t>(groups.count());
  result.reference_cost = calibration.costs(kind).at(policy.best_single());
  for (const std::size_t i : tested) {
    const OperatingPoint& point = policy.operating_points()[i];
    const auto lost = differences(policy, point, calibration, groups, order, options.drop);
    if (drop_p_value(lost, options.drop) > options.delta) {
      if (!result.point) result.inputs_needed = inputs_needed(lost, groups, options);
      break;
    }
    result.point = policy.measure(calibration, point.parameters);
  }
  return result;
}

}  // namespace muxnet
