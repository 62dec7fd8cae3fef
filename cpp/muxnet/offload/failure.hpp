#pragma once

#include "muxnet/offload/offload_account.hpp"
#include "muxnet/protocol/transport.hpp"

namespace muxnet {

/// How a fault is accounted.
OffloadReason reason_of(Fault fault);

}  // namespace muxnet
