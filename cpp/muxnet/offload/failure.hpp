#pragma once

#include "muxnet/offload/offload_account.hpp"
#include "muxnet/protocol/transport.hpp"

namespace muxnet {

/// How a fault is accounted.
OffloadReason reason_of(Fault fault);

/// Whether the same request may do better a moment later.
bool may_pass(Fault fault);

}  // namespace muxnet
