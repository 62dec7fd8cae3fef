#include "muxnet/offload/offload_account.hpp"

#include <numeric>

namespace muxnet {

Route route_of(OffloadReason reason) {
  if (reason < OffloadReason::offloaded) return Route::local;
  return reason == OffloadReason::offloaded ? Route::offloaded : Route::fell_back;
}

std::string_view name_of(Route route) {
  constexpr std::array<std::string_view, 3> names = {"local", "offloaded", "fell_back"};
  return names.at(static_cast<std::size_t>(route));
}

std::string_view name_of(OffloadReason reason) {
  constexpr std::array<std::string_view, reason_count> names = {
      "easy",       "confidential", "link_down", "too_slow", "too_dear", "offloaded", "timed_out",
      "unresolved", "unreachable",  "cut",       "refused",  "invalid",  "failed"};
  return names.at(static_cast<std::size_t>(reason));
}

std::int64_t OffloadAccount::answers() const {
  return std::accumulate(by_reason.begin(), by_reason.end(), std::int64_t{0});
}

std::int64_t OffloadAccount::of(Route route) const {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < reason_count; ++i) {
    if (route_of(static_cast<OffloadReason>(i)) == route) sum += by_reason[i];
  }
  return sum;
}

}  // namespace muxnet
