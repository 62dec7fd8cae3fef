#pragma once

#include <functional>

#include "muxnet/core/fork.hpp"
#include "muxnet/service/deployment.hpp"
#include "muxnet/service/service_request.hpp"
#include "muxnet/service/service_statistics.hpp"

namespace muxnet {

/// How a service works.
struct ServiceOptions {
  int workers = 1;              ///< threads that run models
  int threads_each = 1;         ///< of each worker's computations
  std::int64_t max_batch = 32;  ///< images that a model runs on at once
  std::int64_t queue_images =
      512;                         ///< that may wait for one model; a request holds as many at most
  double fill_ms = 0;              ///< longest that images wait for more to run with
  bool cheaper_when_full = false;  ///< another model, instead of a refusal, where a queue is full
  bool warm_up = true;             ///< run every model once at every batch size before it serves
  double warm_up_ms = 60'000;      ///< longest wait for a batch of that
  double deadline_ms = 60'000;     ///< of requests that name none
  /// Requests that name no operating point get a cheaper one under load, so that they wait no
  /// longer (Gears); 0: always that of the deployment.
  double target_ms = 0;
  double stuck_ms = 5'000;  ///< a batch that runs for longer, and 20 times as long as is usual, is
                            ///< stuck
};

/// Algorithm 2 for many requests at a time: images are queued for the multiplexer, and then for the
/// models that the rule asks for, run in batches with those of other requests, and answered in
/// order. Safe for any number of threads.
///
/// Memory is bounded: a request that finds a queue full is refused. A request is answered by the
/// deployment that was in place when it came. Models that cannot keep its deadline by what is
/// queued and how long batches have taken are passed over; an answer says so. At the deadline it is
/// answered by the models that have answered by then, as if no other could be called, or refused.
///
/// A model that does not come back from a batch costs its worker, which another replaces (as many
/// as there are, or eight, at a time), and is passed over until it comes back.
///
/// Threads may call it at once; in a forked process, where its workers are not, every call throws
/// std::runtime_error.
class Service {
 public:
  /// Throws std::invalid_argument for options or a deployment that do not fit.
  Service(Deployment deployment, const ServiceOptions& options);
  /// As close(); in a forked process nothing happens.
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Puts another deployment in place for requests to come, and returns its version, which counts
  /// from 1. Throws std::invalid_argument when its models are not of the same names and shapes,
  /// std::runtime_error when one does not come back from its first images.
  std::uint64_t deploy(Deployment deployment);

  /// `done` is called once, by any thread, and must neither block nor throw. Throws
  /// std::invalid_argument, without calling it, for images of another shape or dtype, none or more
  /// than a queue holds, pixels that check_pixels() refuses, a model or point that is not
  /// there.
  void submit(ServiceRequest request, std::function<void(ServiceAnswer)> done);

  /// Waits for the answer.
  ServiceAnswer infer(ServiceRequest request);

  ServiceStatistics statistics() const;  ///< of all since it began
  WorkersState workers() const;          ///< those at work, and those stuck

  /// Refuses what comes, answers what is there, for which every deadline is over after `within_ms`,
  /// and stops. Threads whose batch has not come back by then are left to themselves: false.
  bool close(double within_ms = longest_deadline_ms);

 private:
  class Implementation;
  ProcessLocal<std::shared_ptr<Implementation>> implementation_;  ///< its threads have a share
};

}  // namespace muxnet
