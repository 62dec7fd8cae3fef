#pragma once

#include "core_interpreter.hpp"
#include "muxnet/core/fork.hpp"
#include "muxnet/service/service.hpp"

namespace muxnet::python {

/// A service that ends without Python's lock, and not at all where Python has ended.
class BoundService {
 public:
  BoundService(Deployment deployment, const ServiceOptions& options)
      : service_(std::make_unique<Service>(std::move(deployment), options)) {}
  ~BoundService() {
    if (!interpreter_runs()) service_.leave();  // a worker may wait for Python, and for ever
    if (!service_.at_home()) return;
    const ReleaseGil unlocked;  // a worker may wait for Python's lock
    service_ = {};
  }
  BoundService(const BoundService&) = delete;
  BoundService& operator=(const BoundService&) = delete;

  std::uint64_t deploy(Deployment deployment) { return service().deploy(std::move(deployment)); }
  ServiceAnswer infer(ServiceRequest request) { return service().infer(std::move(request)); }
  ServiceStatistics statistics() const { return service().statistics(); }
  WorkersState workers() const { return service().workers(); }
  bool close(double within_ms) { return service().close(within_ms); }

 private:
  Service& service() const { return service_.get("service"); }

  ProcessLocal<Service> service_;
};

}  // namespace muxnet::python
