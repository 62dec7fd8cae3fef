#pragma once

#include <optional>

#include "muxnet/cost/link.hpp"

namespace muxnet {

/// Mean and mean deviation of a duration, exponentially weighted with 1/8 and 1/4; the bound is
/// mean + 4 deviations. Source: RFC 6298, TCP's retransmission timer.
class DurationEstimate {
 public:
  void observe(double duration_ms);
  bool known() const { return known_; }
  double mean_ms() const { return mean_; }  ///< 0 before the first
  double bound_ms() const { return mean_ + 4 * deviation_; }

 private:
  bool known_ = false;
  double mean_ = 0, deviation_ = 0;
};

/// What the link can do now, from this client's own exchanges. A request of u bytes with an answer
/// of d bytes takes
///   t = rtt + 8 (u / r_up + d / r_down) / 1000 + server ms,
/// where r_down moves in proportion to r_up: as in the prior, or equal where that knows none.
/// An exchange without a payload tells rtt, one with a payload tells r once rtt and the server's
/// time are taken off; each estimate e moves by e += weight (sample - e), r as the time per byte.
/// Where the server does not say how long it took, its time is part of what the bytes took.
class LinkEstimator {
 public:
  /// `prior`: rates to begin with, unknown ones until measured, and the radio's powers, which stay.
  explicit LinkEstimator(LinkProfile prior, double weight = 0.2);

  void observe_empty(double exchange_ms);
  /// Throws std::invalid_argument for no bytes.
  void observe(const Payload& payload, double exchange_ms, const std::optional<double>& server_ms);

  /// The prior with rates and round trip as measured so far.
  LinkProfile link() const;
  Quantity server_ms() const;

 private:
  double download_ratio() const;
  void move(std::optional<double>& estimate, double sample) const;

  LinkProfile prior_;
  double weight_;
  bool rtt_measured_ = false, rate_measured_ = false;
  std::optional<double> rtt_ms_, ms_per_byte_, server_ms_;
};

}  // namespace muxnet
