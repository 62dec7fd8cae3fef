#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "muxnet/routing/policy.hpp"

namespace muxnet {

/// What an operating point may take at most.
struct Limit {
  enum class Statistic : std::uint8_t { mean_cost, p99_cost, call_share };

  Statistic statistic = Statistic::mean_cost;
  std::string name;    ///< the kind of cost, or the model
  double at_most = 0;  ///< in the kind's unit; a share in [0, 1]
};

/// The most accurate operating point that keeps every limit on a table of inputs that the policy
/// was not fitted on, the cheapest of equals; its numbers are those of the table. Throws
/// std::invalid_argument for a limit that no point keeps, saying what would do, for limits that
/// none keeps together, for an unknown kind or model, and for inputs that the policy has seen.
OperatingPoint choose_within(const Policy& policy, const OutcomeTable& calibration,
                             std::span<const Limit> limits);

}  // namespace muxnet
