#pragma once

#include <mutex>

#include "muxnet/service/deployment.hpp"
#include "muxnet/service/job_batch.hpp"
#include "muxnet/service/pending_request.hpp"
#include "muxnet/service/service_statistics.hpp"

namespace muxnet {

/// Milliseconds from then to now.
double ms_since(ServiceClock::time_point start);

/// What a service counts of its requests and batches. Threads may call it at once.
class Counters {
 public:
  explicit Counters(const Deployment& deployment);

  /// A batch that began at `start` and took `ms`.
  void batch(const JobBatch& batch, ServiceClock::time_point start, double ms);
  void answered(const PendingRequest& request);
  void refused(ServiceStatus status);
  /// All but what the service itself knows: version, drift, workers, what waits.
  ServiceStatistics statistics() const;

 private:
  mutable std::mutex mutex_;
  ServiceStatistics statistics_;
};

}  // namespace muxnet
