#pragma once

#include <cstdint>

#include "muxnet/cost/placement_cost.hpp"
#include "muxnet/offload/decision.hpp"
#include "muxnet/offload/link_estimator.hpp"
#include "muxnet/protocol/circuit_breaker.hpp"
#include "muxnet/protocol/endpoint.hpp"
#include "muxnet/protocol/retry_policy.hpp"
#include "muxnet/runtime/hosted_model.hpp"

namespace muxnet {

/// How an OffloadClient works.
struct OffloadOptions {
  EndpointOptions endpoint;  ///< the model in the cloud
  /// How that is shown images, and its classes; none: as the small model.
  std::optional<HostedModel> cloud;
  OffloadObjective objective;  ///< what the user wants
  RetryOptions retry;          ///< further attempts
  BreakerOptions breaker;      ///< when the server is left alone
  LinkProfile link;       ///< rates to begin with, and the radio's powers; either may be unknown
  Cost multiplexer_cost;  ///< the multiplexer's energy on this device, where known
  Cost small;             ///< the small model's

  double deadline_ms = 1000;          ///< of an answer, from the call
  double margin_ms = 2;               ///< kept free before it, for what the clock cannot see
  double request_timeout_ms = 10000;  ///< of one request, where the deadline leaves more
  double probe_timeout_ms = 2000;     ///< longest wait for a measurement of the round trip
  double refresh_ms = 10000;  ///< after so long without an exchange, a slow link is tried again
  std::uint64_t seed = 0;     ///< of the jitter
};

/// Throws std::invalid_argument for options that do not fit.
void check(const OffloadOptions& options);

}  // namespace muxnet
