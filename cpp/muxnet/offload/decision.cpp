#include "muxnet/offload/decision.hpp"

namespace muxnet {
namespace {

double difference(const Quantity& cloud, const Quantity& local) {
  return cloud.known() && local.known() ? cloud.value() - local.value() : 0;
}

bool above(const Quantity& figure, const std::optional<double>& limit) {
  return limit && figure.known() && figure.value() > *limit;
}

}  // namespace

OffloadReason decide(const OffloadObjective& objective, double score, const Prospects& prospects) {
  // Not `<`: a score that is not a number stays here.
  if (!(score >= objective.threshold)) return OffloadReason::easy;
  if (!prospects.link_up) return OffloadReason::link_down;
  const Cost &local = prospects.local, &cloud = prospects.cloud;
  if (prospects.time_left_ms <= 0) return OffloadReason::too_slow;
  const Quantity latency = prospects.untried ? Quantity() : cloud.latency_ms;
  if (above(latency, prospects.time_left_ms) || above(latency, objective.max_latency_ms)) {
    return OffloadReason::too_slow;
  }
  if (above(cloud.energy_mj, objective.max_energy_mj)) return OffloadReason::too_dear;
  const double price = objective.per_ms * difference(latency, local.latency_ms) +
                       objective.per_mj * difference(cloud.energy_mj, local.energy_mj);
  return score >= objective.threshold + price ? OffloadReason::offloaded : OffloadReason::too_dear;
}

}  // namespace muxnet
