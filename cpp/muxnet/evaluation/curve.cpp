#include "muxnet/evaluation/curve.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Per input and point: what the answer is worth, and the cost.
struct Family {
  std::vector<OperatingPoint> points;
  std::vector<std::vector<double>> quality;
  std::vector<std::vector<double>> costs;
};

Family replay_family(const Policy& policy, const OutcomeTable& recorded,
                     const CurveOptions& options) {
  if (!options.allow_seen) require_unseen(policy, recorded);
  const OutcomeTable table = recorded.complete();
  require(options.max_points >= 2, "curve options", "max_points of at least 2",
          text(options.max_points));
  std::vector<PlanePoint> held_out;
  for (const auto& point : policy.operating_points())
    held_out.push_back({point.cost, point.accuracy});
  Family family;
  for (const std::size_t i : spread(held_out, static_cast<std::size_t>(options.max_points))) {
    family.points.push_back(policy.operating_points()[i]);
    const Decisions decisions = policy.decide(table, family.points.back());
    family.quality.push_back(decisions.quality(table));
    family.costs.push_back(decisions.costs(table, policy.options().cost_kind));
  }
  return family;
}

void sort_by_cost(std::vector<PlanePoint>& points) {
  std::stable_sort(points.begin(), points.end(),
                   [](const PlanePoint& a, const PlanePoint& b) { return a.cost < b.cost; });
}

double height_between(std::vector<PlanePoint>& curve, std::vector<PlanePoint>& other,
                      double up_to) {
  sort_by_cost(curve);
  sort_by_cost(other);
  const double low = std::max(curve.front().cost, other.front().cost);
  const double high = up_to > 0 ? up_to : std::min(curve.back().cost, other.back().cost);
  if (high > low) {
    return (area_under(curve, low, high) - area_under(other, low, high)) / (high - low);
  }
  // One cost in common, or none: compare at the end of the policy's curve that is nearest.
  const double at = std::clamp(low, curve.front().cost, curve.back().cost);
  return interpolate(curve, at) - interpolate(other, at);
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// The curve from means of its columns: `count` accuracies, then `count` costs.
std::vector<PlanePoint> plane_of(const double* means, std::size_t count) {
  std::vector<PlanePoint> plane(count);
  for (std::size_t i = 0; i < count; ++i) plane[i] = {means[count + i], means[i]};
  return plane;
}

/// Height of one curve above another, on all inputs and on each resample of them.
struct Heights {
  double value = 0;
  std::vector<double> resampled;
};

Heights heights_between(const Policy& policy, const Policy& other, const OutcomeTable& table,
                        const CurveOptions& options) {
  require(policy.options().cost_kind == other.options().cost_kind, "area_between",
          text("two policies over ", policy.options().cost_kind), other.options().cost_kind);
  std::vector<std::vector<double>> columns;
  std::vector<std::size_t> counts;
  for (const Policy* each : {&policy, &other}) {
    Family family = replay_family(*each, table, options);
    counts.push_back(family.points.size());
    std::move(family.quality.begin(), family.quality.end(), std::back_inserter(columns));
    std::move(family.costs.begin(), family.costs.end(), std::back_inserter(columns));
  }
  const auto height = [&](const double* means) {
    auto curve = plane_of(means, counts[0]);
    auto baseline = plane_of(means + 2 * counts[0], counts[1]);
    return height_between(curve, baseline, options.up_to);
  };
  std::vector<double> means;
  for (const auto& column : columns) means.push_back(mean_of(column));
  Heights heights{height(means.data()), {}};
  const auto resampled = bootstrap_means(columns, InputGroups(table.complete()), options.bootstrap);
  for (std::size_t at = 0; at < resampled.size(); at += columns.size()) {
    heights.resampled.push_back(height(resampled.data() + at));
  }
  return heights;
}

/// By their groups and labels: other models' answers to the same inputs.
void require_same_rows(const OutcomeTable& a, const OutcomeTable& b) {
  require(InputGroups(a) == InputGroups(b), "area_between", "tables of the same inputs, row by row",
          "other groups");
  if (!a.labelled() && !b.labelled()) return;
  const auto expected = a.labels(), received = b.labels();
  require(std::equal(expected.begin(), expected.end(), received.begin(), received.end()),
          "area_between", "tables of the same inputs, row by row", "other labels");
}

}  // namespace

std::vector<PlanePoint> Curve::plane() const {
  std::vector<PlanePoint> result;
  for (const auto& point : points) result.push_back({point.cost, point.accuracy});
  return result;
}

Curve accuracy_cost_curve(const Policy& policy, const OutcomeTable& table,
                          const CurveOptions& options) {
  const Family family = replay_family(policy, table, options);
  Curve curve{policy.name(), policy.options().cost_kind, {}};
  for (std::size_t i = 0; i < family.points.size(); ++i) {
    curve.points.push_back(
        {family.points[i].parameters, mean_of(family.costs[i]), mean_of(family.quality[i])});
  }
  std::stable_sort(curve.points.begin(), curve.points.end(),
                   [](const CurvePoint& a, const CurvePoint& b) { return a.cost < b.cost; });
  return curve;
}

std::vector<std::optional<double>> recovery_costs(const std::vector<CurvePoint>& points,
                                                  double from, double to,
                                                  const std::vector<double>& shares) {
  std::vector<std::optional<double>> result;
  for (const double share : shares) {
    // A share of 1 must not miss the accuracy itself by rounding.
    const double wanted = share == 1 ? to : from + share * (to - from);
    auto& least = result.emplace_back();
    for (const auto& point : points) {
      if (point.accuracy >= wanted && point.cost < least.value_or(infinity)) least = point.cost;
    }
  }
  return result;
}

Estimate area_between(const Policy& policy, const Policy& other, const OutcomeTable& table,
                      const CurveOptions& options) {
  Heights heights = heights_between(policy, other, table, options);
  return {heights.value,
          percentile_interval(std::move(heights.resampled), options.bootstrap.level)};
}

Estimate area_between(const std::vector<const Policy*>& policies,
                      const std::vector<const Policy*>& others,
                      const std::vector<const OutcomeTable*>& tables, const CurveOptions& options) {
  const std::size_t count = policies.size();
  require(count == others.size(), "area_between", text(count, " policies to compare with"),
          text(others.size()));
  require(count == tables.size(), "area_between", text(count, " tables"), text(tables.size()));
  for (const OutcomeTable* table : tables) {  // a resample draws the same rows of each
    require_same_rows(*tables.front(), *table);
  }
  std::vector<double> values;
  std::vector<double> resampled(static_cast<std::size_t>(options.bootstrap.resamples) * count);
  for (std::size_t i = 0; i < count; ++i) {
    const Heights heights = heights_between(*policies[i], *others[i], *tables[i], options);
    values.push_back(heights.value);
    for (std::size_t r = 0; r < heights.resampled.size(); ++r) {
      resampled[r * count + i] = heights.resampled[r];
    }
  }
  return over_replicates(values, resampled, options.bootstrap);
}

std::optional<Estimate> area_above(const Policy& policy, const Policy& baseline,
                                   const OutcomeTable& table, const CurveOptions& options) {
  if (policy.operating_points().size() < 2 || policy.name() == baseline.name()) return {};
  return area_between(policy, baseline, table, options);
}

}  // namespace muxnet
