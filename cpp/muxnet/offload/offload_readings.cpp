// What a client tells of itself.
#include "muxnet/offload/offload_client.hpp"

namespace muxnet {

std::string OffloadClient::payload() const {
  const std::lock_guard lock(mutex_);
  return endpoint_ ? endpoint_->payload : "";
}

OffloadAccount OffloadClient::account() const {
  const std::lock_guard lock(mutex_);
  return account_;
}

LinkProfile OffloadClient::link() const {
  const std::lock_guard lock(mutex_);
  return estimator_.link();
}

Quantity OffloadClient::server_ms() const {
  const std::lock_guard lock(mutex_);
  return estimator_.server_ms();
}

double OffloadClient::local_ms() const {
  const std::lock_guard lock(mutex_);
  return local_time_.mean_ms();
}

double OffloadClient::multiplexer_ms() const {
  const std::lock_guard lock(mutex_);
  return multiplexer_time_.mean_ms();
}

CircuitBreaker::State OffloadClient::state() const {
  const std::lock_guard lock(mutex_);
  return breaker_.state();
}

}  // namespace muxnet
