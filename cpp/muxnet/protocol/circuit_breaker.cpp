#include "muxnet/protocol/circuit_breaker.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "muxnet/core/error.hpp"

namespace muxnet {

CircuitBreaker::CircuitBreaker(const BreakerOptions& options, std::uint64_t seed)
    : options_(options), random_(seed), cooldown_ms_(options.cooldown_ms) {
  require(options.failures > 0, "circuit breaker", "failures above 0", text(options.failures));
  require(options.cooldown_ms > 0 && options.max_cooldown_ms >= options.cooldown_ms,
          "circuit breaker", "a cool-down above 0 and at most the longest",
          text(options.cooldown_ms, " and ", options.max_cooldown_ms));
}

bool CircuitBreaker::enter(double now_ms) {
  if (state_ != State::half_open) return allows();
  if (now_ms < tried_until_ms_) return false;
  tried_until_ms_ = now_ms + cooldown_ms_;
  return true;
}

void CircuitBreaker::succeeded() {
  state_ = State::closed;
  in_a_row_ = 0;
  cooldown_ms_ = options_.cooldown_ms;
}

void CircuitBreaker::failed(double now_ms) {
  ++in_a_row_;
  if (state_ == State::open) return;  // another request has opened it meanwhile
  if (state_ == State::half_open || in_a_row_ >= options_.failures) open(now_ms);
}

void CircuitBreaker::probe_succeeded() {
  state_ = State::half_open;
  tried_until_ms_ = std::numeric_limits<double>::lowest();
}

void CircuitBreaker::probe_failed(double now_ms) { open(now_ms); }

void CircuitBreaker::open_for(double now_ms, double rest_ms) {
  state_ = State::open;
  until_ms_ = now_ms + std::min(rest_ms, options_.max_cooldown_ms);
}

std::string_view name_of(CircuitBreaker::State state) {
  constexpr std::array<std::string_view, 3> names = {"closed", "open", "half_open"};
  return names.at(static_cast<std::size_t>(state));
}

void CircuitBreaker::open(double now_ms) {
  state_ = State::open;
  until_ms_ = now_ms + (0.5 + random_.uniform()) * cooldown_ms_;
  cooldown_ms_ = std::min(2 * cooldown_ms_, options_.max_cooldown_ms);
}

}  // namespace muxnet
