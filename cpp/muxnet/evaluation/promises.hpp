#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "muxnet/routing/policy.hpp"

namespace muxnet {

struct PromiseOptions {
  double drop = 0.005;  ///< accuracy promised to be lost at most against the best single model
  double delta = 0.05;  ///< probability that more is lost
  std::int64_t divisions = 1000;
  double fraction = 0.5;           ///< of the groups to calibrate on
  std::uint64_t seed = 0;          ///< of the divisions, which are the same for every promise
  std::function<void()> progress;  ///< called after each division
};

/// What became of a promise over random divisions of recorded answers.
struct KeptPromise {
  std::int64_t promised = 0;  ///< divisions in which a point was certified
  /// Of these, where it loses more than promised on all inputs, which stand for what they were
  /// drawn from; and on those not calibrated on, whose own chance is in it.
  std::int64_t broken = 0, broken_elsewhere = 0;
  /// Mean cost of the certified points, as a share of the best single model's; none: none was.
  std::optional<double> cost_share;
};

/// Certifies a fitted policy on random parts of `table` and counts promises that were broken.
/// Throws std::invalid_argument as certify() does, and where a part would be empty.
KeptPromise count_kept(const Policy& policy, const OutcomeTable& table,
                       const PromiseOptions& options = {});

}  // namespace muxnet
