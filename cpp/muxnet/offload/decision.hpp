#pragma once

#include <optional>

#include "muxnet/cost/quantity.hpp"
#include "muxnet/offload/offload_account.hpp"

namespace muxnet {

/// What the user wants. The multiplexer's score says what the cloud's answer promises in accuracy;
/// an input is sent when
///   score >= threshold + per_ms (t_cloud - t_local) + per_mj (e_cloud - e_local),
/// that is, when the promise is worth the time and the device's energy beyond the local answer's.
struct OffloadObjective {
  double threshold = 0.5;  ///< the paper's; what must be promised even where sending is free
  double per_ms = 0;       ///< of the score that a millisecond is worth
  double per_mj = 0;       ///< of the score that a millijoule is worth
  std::optional<double> max_latency_ms;  ///< of one answer
  std::optional<double> max_energy_mj;   ///< of the device, for one answer

  bool needs_energy() const { return per_mj > 0 || max_energy_mj.has_value(); }
};

/// What both ways would cost now; what is not known does not count.
struct Prospects {
  Cost local;
  Cost cloud;
  double time_left_ms = 0;  ///< until the local model has to start
  bool link_up = true;
  bool untried = false;  ///< measured so long ago that what the link was like does not count
};

/// OffloadReason::offloaded: send it. Else why not.
OffloadReason decide(const OffloadObjective& objective, double score, const Prospects& prospects);

}  // namespace muxnet
