#pragma once

#include <optional>
#include <string>
#include <vector>

#include "muxnet/evaluation/evaluate.hpp"
#include "muxnet/routing/pareto.hpp"

namespace muxnet {

struct CurveOptions {
  std::int64_t max_points = 40;  ///< of the family, evenly spread over its held-out cost
  BootstrapOptions bootstrap{};
  bool allow_seen = false;
  /// area_between: compare up to this cost, a curve going on level beyond its last point, as who
  /// may spend more need not; 0: as far as both reach.
  double up_to = 0;
};

/// One point of an accuracy-cost curve.
struct CurvePoint {
  PolicyParameters parameters;  ///< of the operating point
  double cost = 0;              ///< of the policy's kind, the router's own included
  double accuracy = 0;          ///< share of right answers
};

/// A policy's family over budgets on a table that it was not fitted on, by rising cost. Which
/// points there are was chosen on held-out data; accuracies are as attained, so that they need
/// not rise.
struct Curve {
  std::string policy;
  std::string cost_kind;
  std::vector<CurvePoint> points;
  std::vector<PlanePoint> plane() const;
};

/// Throws std::invalid_argument as evaluate() does. `random_mixing` gives the exact expectation,
/// the hull chosen on held-out data.
Curve accuracy_cost_curve(const Policy& policy, const OutcomeTable& table,
                          const CurveOptions& options = {});

/// The least cost of a point that recovers each of `shares` of the gap between two accuracies, of
/// the cheapest and of the best single model: accuracy >= from + share (to - from). None where no
/// point does.
std::vector<std::optional<double>> recovery_costs(const std::vector<CurvePoint>& points,
                                                  double from, double to,
                                                  const std::vector<double>& shares);

/// Mean height of a policy's curve above another's over the costs both reach:
///   1 / (high - low) * integral from low to high of (accuracy - other accuracy) d cost,
/// with straight lines between points, low = max of first costs, high = min of last costs or
/// options.up_to. Where
/// both meet at one cost only, the difference there; where they share none, the other's curve goes
/// on level. The interval is paired: resamples of the inputs move both curves together.
/// Pass random_mixing as `other` to learn whether a router looks at its input to any use. Both must
/// be fitted on the same models and kind of cost.
Estimate area_between(const Policy& policy, const Policy& other, const OutcomeTable& table,
                      const CurveOptions& options = {});

/// The mean of the same over pairs of policies, each pair fitted with another seed, or on models
/// that were trained with another, and with a table of its own; the interval is over pairs and
/// inputs. Throws std::invalid_argument also for lists of different lengths, or tables of different
/// inputs.
Estimate area_between(const std::vector<const Policy*>& policies,
                      const std::vector<const Policy*>& others,
                      const std::vector<const OutcomeTable*>& tables,
                      const CurveOptions& options = {});

/// area_between() a policy and a baseline, such as random mixing, fitted on the same table; none
/// for a policy of one operating point, and for the baseline itself.
std::optional<Estimate> area_above(const Policy& policy, const Policy& baseline,
                                   const OutcomeTable& table, const CurveOptions& options = {});

}  // namespace muxnet
