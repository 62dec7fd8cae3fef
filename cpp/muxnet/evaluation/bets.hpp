#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "muxnet/routing/input_groups.hpp"

namespace muxnet {

/// The smallest level at which values in [0, 1] show a mean above `bound`: a valid p-value for
/// "mean <= bound" at any number of values, without assuming a distribution.
///
/// Bets against the hypothesis, p = 1 / max_t K_t with K_t = prod_s (1 + l_s (x_s - bound)), the
/// stakes l_s chosen from what came before: two values about `expected`, then `before`, other
/// values that are not bet on. Throws std::invalid_argument for a bound outside (0, 1) or values
/// outside [0, 1]. Source: Waudby-Smith and Ramdas, Estimating means of bounded random variables by
/// betting, 2024.
double mean_p_value(std::span<const double> values, double bound, double expected,
                    std::span<const double> before = {});

/// About how many values like these mean_p_value() takes to fall to `delta`; 0: their mean is not
/// above `bound`, and no number would do.
std::int64_t values_needed(std::span<const double> values, double bound, double delta);

/// One value a group, for what is promised of the mean over inputs: bound + w (mean - bound) with
/// the mean of its inputs' values and w its size over the largest group's. Their expectation is
/// above `bound` where sum_g sum_(i in g) x_i / sum_g size_g is in the population that groups are
/// drawn from, none of which may be larger than the largest here. Of single inputs their values.
std::vector<double> group_values(std::span<const double> values, const InputGroups& groups,
                                 double bound);

}  // namespace muxnet
