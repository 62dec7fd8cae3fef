#include "muxnet/offload/offload_options.hpp"

#include "muxnet/core/error.hpp"
#include "muxnet/data/image_encode.hpp"

namespace muxnet {

void check(const OffloadOptions& options) {
  constexpr auto where = "offload client";
  require(options.deadline_ms > 0 && options.request_timeout_ms > 0 &&
              options.probe_timeout_ms > 0 && options.margin_ms >= 0 && options.refresh_ms > 0,
          where, "times above 0 ms", "others");
  if (!options.endpoint.payload.empty()) image_payloads().find(options.endpoint.payload);
  if (!options.objective.needs_energy()) return;
  const LinkProfile& link = options.link;
  const bool radio = link.upload_mw_per_mbps.known() && link.download_mw_per_mbps.known() &&
                     link.base_mw.known() && link.tail_ms.known() && link.tail_mw.known();
  require(radio, where, "a link whose radio's powers are known, for an objective of energy",
          link.name.empty() ? "none" : link.name);
  require(options.objective.per_mj == 0 || options.small.energy_mj.known(), where,
          "the small model's energy, for an objective of energy", "none");
}

}  // namespace muxnet
