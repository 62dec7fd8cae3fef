#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "muxnet/routing/policy.hpp"

namespace muxnet {

/// What answers to a table's inputs are worth, (n), less those of one of its models.
std::vector<double> beyond(std::vector<double> worth, const OutcomeTable& table, std::size_t model);

/// What a policy's answers at a point are worth less those of policy.best_single(), by input: in
/// [-1, 1].
std::vector<double> lost_against(const Policy& policy, const OperatingPoint& point,
                                 const OutcomeTable& table);

/// A cost as a share of another: of nothing, nothing is as much, and no other cost is a share.
std::optional<double> cost_share(double cost, double whole);

/// The smallest level at which the differences, each in [-1, 1], show a mean above -drop:
/// mean_p_value() of (1 + difference) / 2 for the bound (1 - drop) / 2.
/// Throws std::invalid_argument for a drop outside (0, 1) or differences outside [-1, 1].
double drop_p_value(std::span<const double> differences, double drop);

struct GuaranteeOptions {
  double drop = 0.005;           ///< accuracy that may be lost against the best single model
  double delta = 0.05;           ///< probability that more is lost
  std::int64_t max_points = 40;  ///< operating points tested, evenly spread over their cost
  std::uint64_t seed = 0;        ///< of the order in which inputs are looked at
};

/// What a calibration found.
struct Guarantee {
  std::optional<OperatingPoint> point;  ///< the cheapest certified, numbers of the calibration
  double reference_cost = 0;            ///< of the model it was held against
  std::int64_t inputs = 0, groups = 0;  ///< that it stands on; each input its own group: alike
  /// Where nothing was certified: about so many labelled inputs would do, if these are typical; 0:
  /// no number would, as the policy's best point itself loses more.
  std::int64_t inputs_needed = 0;
};

/// The cheapest operating point that loses at most `drop` against policy.best_single(), true with
/// probability 1 - delta over the draw of `calibration`: its points are tested from the dearest one
/// down, each at level delta, until one fails. Of groups, accuracy is that of the inputs in them,
/// and the bets are on whole groups (group_values()). Throws std::invalid_argument for inputs that
/// the policy has seen, or options out of range. Source: Angelopoulos et al., Learn then Test,
/// arXiv 2110.01052.
Guarantee certify(const Policy& policy, const OutcomeTable& calibration,
                  const GuaranteeOptions& options = {});

}  // namespace muxnet
