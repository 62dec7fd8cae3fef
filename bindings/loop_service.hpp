#pragma once

#include "core_interpreter.hpp"
#include "muxnet/core/fork.hpp"
#include "muxnet/service/completions.hpp"
#include "muxnet/service/service.hpp"

namespace muxnet::python {

/// A service whose answers wait for an event loop.
class LoopService {
 public:
  LoopService(Deployment deployment, const ServiceOptions& options)
      : parts_(std::make_unique<Parts>(std::move(deployment), options)) {}
  ~LoopService() {
    if (!interpreter_runs()) parts_.leave();  // a worker may wait for Python, and for ever
    if (!parts_.at_home()) return;
    const ReleaseGil unlocked;  // a worker may wait for Python's lock
    parts_ = {};
  }
  LoopService(const LoopService&) = delete;
  LoopService& operator=(const LoopService&) = delete;

  std::uint64_t deploy(Deployment deployment) { return service().deploy(std::move(deployment)); }
  void submit(std::uint64_t ticket, ServiceRequest request) {
    Parts& parts = parts_.get("service");
    parts.service->submit(std::move(request), [&parts, ticket](ServiceAnswer answer) {
      parts.completions.add(ticket, std::move(answer));
    });
  }
  ServiceAnswer infer(ServiceRequest request) { return service().infer(std::move(request)); }
  ServiceStatistics statistics() const { return service().statistics(); }
  WorkersState workers() const { return service().workers(); }
  bool close(double within_ms) { return service().close(within_ms); }
  int descriptor() const { return parts_.get("service").completions.descriptor(); }
  auto take() { return parts_.get("service").completions.take(); }
  /// For a front, which answers by it.
  const std::shared_ptr<Service>& shared() const { return parts_.get("service").service; }

 private:
  struct Parts {
    Parts(Deployment deployment, const ServiceOptions& options)
        : service(std::make_shared<Service>(std::move(deployment), options)) {}
    Completions completions;  // outlives the service, which adds to it until it is closed
    std::shared_ptr<Service> service;
  };
  Service& service() const { return *shared(); }

  ProcessLocal<Parts> parts_;
};

}  // namespace muxnet::python
