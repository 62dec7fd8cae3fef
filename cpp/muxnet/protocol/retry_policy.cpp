#include "muxnet/protocol/retry_policy.hpp"

#include <algorithm>
#include <cmath>

#include "muxnet/core/error.hpp"

namespace muxnet {

RetryPolicy::RetryPolicy(const RetryOptions& options, std::uint64_t seed)
    : options_(options), random_(seed), budget_(options.burst) {
  require(options.most >= 0 && options.base_ms >= 0 && options.share >= 0 && options.burst >= 0,
          "retry policy", "options of at least 0", "negative ones");
}

void RetryPolicy::begin() { budget_ = std::min(budget_ + options_.share, options_.burst); }

std::optional<double> RetryPolicy::next_ms(int made) {
  if (made > options_.most || budget_ < 1) return std::nullopt;
  budget_ -= 1;
  return random_.uniform() * std::ldexp(options_.base_ms, made - 1);
}

}  // namespace muxnet
