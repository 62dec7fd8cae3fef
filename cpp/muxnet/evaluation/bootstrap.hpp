#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "muxnet/routing/input_groups.hpp"

namespace muxnet {

struct BootstrapOptions {
  std::int64_t resamples = 2000;
  std::uint64_t seed = 0;
  double level = 0.95;
};

/// Percentile interval of resampled values.
struct Interval {
  double low = 0;   ///< lower end
  double high = 0;  ///< upper end
};

/// A figure with its bootstrap interval.
struct Estimate {
  double value = 0;   ///< of the inputs as they are
  Interval interval;  ///< of the value, at the level asked for
};

/// Percentile interval of resampled values at `level`.
Interval percentile_interval(std::vector<double> values, double level);

/// Means of several columns over the same resamples of the inputs, (resamples, columns) row-major.
/// Groups are drawn whole, so that a mean is a ratio of two sums over those drawn: of the values,
/// and of how many inputs they have. Resample r is fixed by (seed, r, number of groups), so that
/// numbers computed apart stay paired.
/// Throws std::invalid_argument when columns are empty or not of as many inputs as the groups.
std::vector<double> bootstrap_means(const std::vector<std::vector<double>>& columns,
                                    const InputGroups& groups,
                                    const BootstrapOptions& options = {});

/// Mean of `values` with its interval.
Estimate bootstrap_mean(const std::vector<double>& values, const InputGroups& groups,
                        const BootstrapOptions& options = {});

/// Mean over replicates, such as fits with several seeds, of a figure over the same inputs. The
/// interval is over both: each resample draws replicates with replacement, and one resample of the
/// inputs for all of them. `values` (replicates); `resampled` (resamples, replicates) row-major,
/// the numbers of each resample of the inputs, as bootstrap_means() gives means.
/// Throws std::invalid_argument when they do not fit.
Estimate over_replicates(const std::vector<double>& values, const std::vector<double>& resampled,
                         const BootstrapOptions& options = {});

/// The same of a mean: columns of values, a replicate each, over the same inputs.
Estimate bootstrap_replicates(const std::vector<std::vector<double>>& columns,
                              const InputGroups& groups, const BootstrapOptions& options = {});

/// Mean of a - b over the same inputs with its paired interval.
Estimate bootstrap_difference(const std::vector<double>& a, const std::vector<double>& b,
                              const InputGroups& groups, const BootstrapOptions& options = {});

}  // namespace muxnet
