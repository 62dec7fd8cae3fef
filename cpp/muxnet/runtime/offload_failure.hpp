#pragma once

#include <optional>

#include "muxnet/runtime/offload_account.hpp"
#include "muxnet/runtime/transport.hpp"

namespace muxnet {

/// How a fault of the network is accounted.
OffloadReason reason_of(Fault fault);

/// Whether the same request may do better a moment later.
bool may_pass(const HttpResponse& response);

/// Milliseconds for which a busy server (429, 503) asks to be left alone by Retry-After, which is
/// read in seconds and not as a date.
std::optional<double> rest_ms(const HttpResponse& response);

}  // namespace muxnet
