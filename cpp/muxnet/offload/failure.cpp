#include "muxnet/offload/failure.hpp"

namespace muxnet {

OffloadReason reason_of(Fault fault) {
  switch (fault) {
    case Fault::none:
      return OffloadReason::offloaded;
    case Fault::unresolved:
      return OffloadReason::unresolved;
    case Fault::unreachable:
      return OffloadReason::unreachable;
    case Fault::cut:
      return OffloadReason::cut;
    case Fault::timed_out:
      return OffloadReason::timed_out;
    case Fault::unavailable:
    case Fault::refused:
    case Fault::unfit:
      return OffloadReason::refused;
    case Fault::too_large:
    case Fault::malformed:
      return OffloadReason::invalid;
    case Fault::untrusted:
    case Fault::other:
      break;
  }
  return OffloadReason::failed;
}

}  // namespace muxnet
