#include "muxnet/offload/link_estimator.hpp"

#include <algorithm>
#include <cmath>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr double kilobits_per_byte = 0.008;
// 80 Gbit/s: so that a rate stays finite.
constexpr double least_ms_per_byte = 1e-7;

}  // namespace

void DurationEstimate::observe(double duration_ms) {
  if (!known_) {
    known_ = true;
    mean_ = duration_ms;
    deviation_ = duration_ms / 2;
    return;
  }
  deviation_ += (std::abs(mean_ - duration_ms) - deviation_) / 4;
  mean_ += (duration_ms - mean_) / 8;
}

LinkEstimator::LinkEstimator(LinkProfile prior, double weight)
    : prior_(std::move(prior)), weight_(weight) {
  require(weight > 0 && weight <= 1, "link estimator", "a weight in (0, 1]", text(weight));
  if (prior_.rtt_ms.known()) rtt_ms_ = prior_.rtt_ms.value();
  if (prior_.upload_mbps.known()) ms_per_byte_ = kilobits_per_byte / prior_.upload_mbps.value();
}

void LinkEstimator::move(std::optional<double>& estimate, double sample) const {
  estimate = estimate ? *estimate + weight_ * (sample - *estimate) : sample;
}

void LinkEstimator::observe_empty(double exchange_ms) {
  // The prior of the round trip is no measurement: the first of these takes its place.
  if (!rtt_measured_) rtt_ms_.reset();
  rtt_measured_ = true;
  move(rtt_ms_, std::max(exchange_ms, 0.0));
}

double LinkEstimator::download_ratio() const {
  const bool both = prior_.upload_mbps.known() && prior_.download_mbps.known();
  return both ? prior_.download_mbps.value() / prior_.upload_mbps.value() : 1;
}

void LinkEstimator::observe(const Payload& payload, double exchange_ms,
                            const std::optional<double>& server_ms) {
  const double bytes = payload.upload_bytes + payload.download_bytes / download_ratio();
  require(bytes > 0, "link estimator", "bytes above 0", text(bytes));
  if (server_ms) move(server_ms_, *server_ms);
  const double link_ms = std::max(exchange_ms - server_ms.value_or(0), 0.0);
  const double moving_ms = link_ms - rtt_ms_.value_or(0);
  if (moving_ms <= 0) {
    // The round trip was taken for longer than it is.
    move(rtt_ms_, link_ms);
    rtt_measured_ = true;
  }
  move(ms_per_byte_, std::max(moving_ms / bytes, least_ms_per_byte));
  rate_measured_ = true;
}

LinkProfile LinkEstimator::link() const {
  LinkProfile now = prior_;
  if (rtt_measured_) now.rtt_ms = Quantity(*rtt_ms_, Origin::measured);
  if (!rate_measured_) return now;
  const double mbps = kilobits_per_byte / *ms_per_byte_;
  now.upload_mbps = Quantity(mbps, Origin::measured);
  now.download_mbps = Quantity(download_ratio() * mbps, Origin::measured);
  if (!now.rtt_ms.known()) now.rtt_ms = Quantity(0, Origin::modelled);
  return now;
}

Quantity LinkEstimator::server_ms() const {
  return server_ms_ ? Quantity(*server_ms_, Origin::measured) : Quantity();
}

}  // namespace muxnet
