#pragma once

#include <cstdint>
#include <optional>

#include "muxnet/core/random.hpp"

namespace muxnet {

/// Further attempts, within a budget.
struct RetryOptions {
  int most = 1;         ///< further attempts of one request
  double base_ms = 10;  ///< longest wait before the first; twice as long before each next
  double share = 0.1;   ///< retries per request, over many
  double burst = 10;    ///< retries in a row, when all went well before
};

/// Whether and when to try again: waits are uniform in [0, base 2^k) ("full jitter"), and a budget
/// that every request fills by `share` and every retry empties by 1 keeps a failing server from
/// getting many times its load. Source: Brooker, Exponential Backoff and Jitter, AWS 2015.
class RetryPolicy {
 public:
  /// Throws std::invalid_argument for negative options.
  RetryPolicy(const RetryOptions& options, std::uint64_t seed);

  /// A request begins.
  void begin();
  /// Milliseconds to wait before attempt `made` + 1; none: do not. Takes from the budget.
  std::optional<double> next_ms(int made);

 private:
  RetryOptions options_;
  Random random_;
  double budget_;
};

}  // namespace muxnet
