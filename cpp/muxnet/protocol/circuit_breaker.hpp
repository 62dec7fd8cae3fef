#pragma once

#include <cstdint>
#include <string_view>

#include "muxnet/core/random.hpp"

namespace muxnet {

/// When a failing server is left alone.
struct BreakerOptions {
  int failures = 3;                ///< in a row, that open it
  double cooldown_ms = 500;        ///< until the first probe; twice as long after each that fails
  double max_cooldown_ms = 30000;  ///< and at most so long
};

/// Keeps requests from a server that does not answer. Closed: requests go. After `failures` in a
/// row it opens: none goes, until a cool-down (times 0.5 to 1.5 at random, so that many devices do
/// not come back at once) is over and a probe is due. A probe that succeeds half-opens it: one
/// request goes, which closes it or opens it again.
class CircuitBreaker {
 public:
  enum class State : std::uint8_t { closed, open, half_open };

  /// Throws std::invalid_argument for options not above 0.
  CircuitBreaker(const BreakerOptions& options, std::uint64_t seed);

  State state() const { return state_; }
  bool allows() const { return state_ != State::open; }
  /// Whether a request may go now: half open, the one that tries it out, and another after a
  /// cool-down in which nothing was said of it.
  bool enter(double now_ms);
  double until_ms() const { return until_ms_; }  ///< open: when a probe is due
  bool probe_due(double now_ms) const { return state_ == State::open && now_ms >= until_ms_; }

  void succeeded();
  void failed(double now_ms);
  void probe_succeeded();
  void probe_failed(double now_ms);
  /// Opens at once: the server asked to be left alone for `rest_ms`, or nothing is known of it yet.
  void open_for(double now_ms, double rest_ms);

 private:
  void open(double now_ms);

  BreakerOptions options_;
  Random random_;
  State state_ = State::closed;
  double tried_until_ms_ = 0;  ///< half open: so long the one request may be on its way
  int in_a_row_ = 0;
  double cooldown_ms_;
  double until_ms_ = 0;
};

/// "closed", "open" or "half_open".
std::string_view name_of(CircuitBreaker::State state);

}  // namespace muxnet
