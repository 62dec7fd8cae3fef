#include "muxnet/cost/link.hpp"

#include <string_view>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr double bits_per_byte = 8;
constexpr double mw_ms_per_mj = 1000;

/// Energy of `power_mw` over `time_ms`.
Quantity energy(const Quantity& power_mw, const Quantity& time_ms) {
  if (!power_mw.known() || !time_ms.known()) return {};
  // Adding nothing of the one brings in its origins.
  return time_ms.value() / mw_ms_per_mj * power_mw + 0.0 * time_ms;
}

struct Direction {
  std::string_view name;
  double bytes;
  Quantity mbps;
  Quantity mw_per_mbps;
};

/// Bytes at the link's rate, and half a round trip.
Cost transfer(const LinkProfile& link, const Direction& way) {
  require(way.bytes >= 0, text("link ", link.name, ", ", way.name), "bytes of at least 0",
          text(way.bytes));
  if (!way.mbps.known()) return {Quantity::zero(), {}, {}};
  const double rate = way.mbps.value();
  require(rate > 0, text("link ", link.name, ", ", way.name), "a rate above 0 Mbps", text(rate));
  const Quantity moving = way.bytes * bits_per_byte / (1000 * rate * rate) * way.mbps;
  const Quantity half_trip = 0.5 * link.rtt_ms;
  Cost result;
  result.macs = Quantity::zero();
  result.latency_ms = moving + half_trip;
  result.energy_mj =
      energy(rate * way.mw_per_mbps + link.base_mw, moving) + energy(link.base_mw, half_trip);
  return result;
}

}  // namespace

Exchange exchange(const LinkProfile& link, const Payload& payload, const Quantity& server_ms) {
  Exchange result;
  result.upload =
      transfer(link, {"upload", payload.upload_bytes, link.upload_mbps, link.upload_mw_per_mbps});
  result.waiting = {Quantity::zero(), server_ms, energy(link.base_mw, server_ms)};
  result.download = transfer(
      link, {"download", payload.download_bytes, link.download_mbps, link.download_mw_per_mbps});
  result.download.energy_mj = result.download.energy_mj + energy(link.tail_mw, link.tail_ms);
  return result;
}

}  // namespace muxnet
