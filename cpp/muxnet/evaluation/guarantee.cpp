#include "muxnet/evaluation/guarantee.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "muxnet/core/error.hpp"
#include "muxnet/core/random.hpp"
#include "muxnet/evaluation/evaluate.hpp"
#include "muxnet/routing/pareto.hpp"

namespace muxnet {
namespace {

constexpr double most_staked = 0.75;  // of what could be lost at once: never all

/// Differences in the order in which they are bet on.
std::vector<double> differences(const Policy& policy, const OperatingPoint& point,
                                std::size_t reference, const OutcomeTable& table,
                                const std::vector<std::int64_t>& order) {
  const auto worth = policy.decide(table, point).quality(table);
  const auto* alone = table.quality().data<float>();
  std::vector<double> result;
  for (const std::int64_t row : order) {
    const auto at = static_cast<std::size_t>(row);
    const auto other = alone[at * static_cast<std::size_t>(table.model_count()) + reference];
    result.push_back(worth[at] - static_cast<double>(other));
  }
  return result;
}

/// Bets grow by about gap^2 / (2 variance) an input: so many until they reach 1 / delta.
std::int64_t inputs_needed(std::span<const double> differences, const GuaranteeOptions& options) {
  const auto n = static_cast<double>(differences.size());
  const double mean = std::accumulate(differences.begin(), differences.end(), 0.0) / n;
  const double gap = mean + options.drop;
  if (gap <= 0) return 0;
  double variance = 0;
  for (const double value : differences) variance += (value - mean) * (value - mean) / n;
  variance += gap * gap;
  return static_cast<std::int64_t>(
      std::ceil(2 * variance * std::log(1 / options.delta) / (gap * gap)));
}

}  // namespace

double drop_p_value(std::span<const double> differences, double drop) {
  require(drop > 0 && drop < 1, "drop_p_value", "a drop in (0, 1)", text(drop));
  const double bound = (1 - drop) / 2;
  // One right and one wrong seen before the first: a prior that keeps the first stakes small.
  double count = 2, sum = 1, squares = 0.5, wealth = 0, highest = 0;
  for (const double difference : differences) {
    require(difference >= -1 && difference <= 1, "drop_p_value", "differences in [-1, 1]",
            text(difference));
    const double mean = sum / count, variance = squares / count;
    const double edge = mean - bound;
    const double stake = std::clamp(edge / (variance + edge * edge), 0.0, most_staked / bound);
    const double x = (1 + difference) / 2;
    wealth += std::log1p(stake * (x - bound));
    highest = std::max(highest, wealth);
    count += 1;
    sum += x;
    const double off = x - sum / count;
    squares += off * off;
  }
  return std::exp(-highest);
}

Guarantee certify(const Policy& policy, const OutcomeTable& recorded,
                  const GuaranteeOptions& options) {
  constexpr auto where = "certify";
  require(options.delta > 0 && options.delta < 1, where, "a delta in (0, 1)", text(options.delta));
  require(options.max_points >= 2, where, "max_points of at least 2", text(options.max_points));
  require_unseen(policy, recorded);
  const OutcomeTable calibration = recorded.complete();
  const std::string& kind = policy.options().cost_kind;
  const auto order = Random(options.seed, 0xCA11B).permutation(calibration.size());
  std::vector<PlanePoint> plane;
  for (const auto& point : policy.operating_points()) plane.push_back({point.cost, point.accuracy});
  auto tested = spread(plane, static_cast<std::size_t>(options.max_points));
  std::reverse(tested.begin(), tested.end());

  const std::size_t reference = policy.best_single();
  Guarantee result;
  result.reference_cost = calibration.costs(kind).at(reference);
  for (const std::size_t i : tested) {
    const OperatingPoint& point = policy.operating_points()[i];
    const auto lost = differences(policy, point, reference, calibration, order);
    if (drop_p_value(lost, options.drop) > options.delta) {
      if (!result.point) result.inputs_needed = inputs_needed(lost, options);
      break;
    }
    result.point = policy.measure(calibration, point.parameters);
  }
  return result;
}

}  // namespace muxnet
