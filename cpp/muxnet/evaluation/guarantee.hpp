#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "muxnet/routing/policy.hpp"

namespace muxnet {

/// The smallest level at which the differences, each in [-1, 1], show a mean above -drop: a valid
/// p-value for "mean <= -drop" at any number of inputs, without assuming a distribution.
///
/// Bets against the hypothesis, p = 1 / max_t K_t with K_t = prod_s (1 + l_s (x_s - m)),
/// x = (1 + difference) / 2, m = (1 - drop) / 2, the stakes l_s chosen from what came before.
/// Throws std::invalid_argument for a drop outside (0, 1) or differences outside [-1, 1].
/// Source: Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, 2024.
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
  /// Where nothing was certified: about so many labelled inputs would do, if these are typical; 0:
  /// no number would, as the policy's best point itself loses more.
  std::int64_t inputs_needed = 0;
};

/// The cheapest operating point that loses at most `drop` against policy.best_single(), true with
/// probability 1 - delta over the draw of `calibration`: its points are tested from the dearest one
/// down, each at level delta, until one fails. Throws std::invalid_argument for inputs that the
/// policy has seen, or options out of range. Source: Angelopoulos et al., Learn then Test, arXiv
/// 2110.01052.
Guarantee certify(const Policy& policy, const OutcomeTable& calibration,
                  const GuaranteeOptions& options = {});

}  // namespace muxnet
