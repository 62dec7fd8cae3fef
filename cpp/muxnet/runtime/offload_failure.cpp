#include "muxnet/runtime/offload_failure.hpp"

#include <charconv>

namespace muxnet {
namespace {

constexpr double ms_per_s = 1000;

}  // namespace

Reason reason_of(Fault fault) {
  switch (fault) {
    case Fault::unresolved:
      return Reason::unresolved;
    case Fault::unreachable:
      return Reason::unreachable;
    case Fault::cut:
      return Reason::cut;
    case Fault::timed_out:
      return Reason::timed_out;
    case Fault::too_large:
      return Reason::invalid;
    default:
      return Reason::failed;
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
