#include "muxnet/service/counters.hpp"

#include <chrono>

namespace muxnet {

double ms_since(ServiceClock::time_point start) {
  return std::chrono::duration<double, std::milli>(ServiceClock::now() - start).count();
}

Counters::Counters(const Deployment& deployment) {
  statistics_.stages.resize(deployment.models.size() + 1);
  statistics_.called.resize(deployment.models.size());
  statistics_.stages[0].name = "multiplexer";
  for (std::size_t i = 0; i < deployment.models.size(); ++i) {
    statistics_.stages[i + 1].name = deployment.models[i].name;
  }
}

void Counters::batch(const JobBatch& batch, ServiceClock::time_point start, double ms) {
  batch.note(start, ms);
  const std::lock_guard lock(mutex_);
  statistics_.stages[batch.stage].count(static_cast<std::int64_t>(batch.jobs.size()), ms);
}

void Counters::answered(const PendingRequest& request) {
  const bool routed = !request.request.model && !request.request.decide_only;
  const CompiledDeployment& deployment = *request.deployment;
  const std::lock_guard lock(mutex_);
  ++statistics_.requests[ServiceStatus::ok];
  statistics_.total.add(ms_since(request.arrived));
  if (routed) {
    statistics_.count(request.answer, deployment.costs()[deployment.parts().reference]);
  }
}

void Counters::refused(ServiceStatus status) {
  const std::lock_guard lock(mutex_);
  ++statistics_.requests[status];
}

ServiceStatistics Counters::statistics() const {
  const std::lock_guard lock(mutex_);
  return statistics_;
}

}  // namespace muxnet
