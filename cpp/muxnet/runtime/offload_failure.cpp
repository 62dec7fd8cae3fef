#include "muxnet/runtime/offload_failure.hpp"

#include <charconv>

namespace muxnet {
namespace {

constexpr double ms_per_s = 1000;

}  // namespace

OffloadReason reason_of(Fault fault) {
  switch (fault) {
    case Fault::unresolved:
      return OffloadReason::unresolved;
    case Fault::unreachable:
      return OffloadReason::unreachable;
    case Fault::cut:
      return OffloadReason::cut;
    case Fault::timed_out:
      return OffloadReason::timed_out;
    case Fault::too_large:
      return OffloadReason::invalid;
    default:
      return OffloadReason::failed;
  }
}

bool may_pass(const HttpResponse& response) {
  switch (response.fault) {
    case Fault::none:
      return response.status == 502 || response.status == 503 || response.status == 504;
    case Fault::cut:
    case Fault::unreachable:
      return true;
    default:
      return false;
  }
}

std::optional<double> rest_ms(const HttpResponse& response) {
  const auto found = response.headers.find("retry-after");
  if (response.status != 503 && response.status != 429) return std::nullopt;
  if (found == response.headers.end()) return std::nullopt;
  double seconds = 0;
  const char* end = found->second.data() + found->second.size();
  const auto [stop, error] = std::from_chars(found->second.data(), end, seconds);
  const bool sensible = error == std::errc() && stop == end && seconds >= 0;
  return sensible ? std::optional(seconds * ms_per_s) : std::nullopt;
}

}  // namespace muxnet
