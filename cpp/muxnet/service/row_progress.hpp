#pragma once

#include <span>
#include <string>

#include "muxnet/service/counters.hpp"
#include "muxnet/service/scheduler.hpp"
#include "muxnet/service/timers.hpp"

namespace muxnet {

/// Takes rows to their next step, and requests to their end. Safe for any number of threads.
class RowProgress {
 public:
  RowProgress(Scheduler& scheduler, Timers& timers, Counters& counters)
      : scheduler_(scheduler), timers_(timers), counters_(counters) {}

  /// Takes each row to its next step: a call, or its answer.
  void advance(std::span<const Job> jobs, Caller caller);
  void refuse(PendingRequest& request, ServiceStatus status, const std::string& failure = {});
  /// Every request of a batch.
  void fail(const JobBatch& batch, const std::exception& failure);
  /// Answers a request by what its models have answered so far, or refuses it: its time is over.
  void expire(PendingRequest& request);
  /// Before the deadlines of requests that wait for a model elsewhere, their rows go on without it,
  /// as long as another can still answer in time. Returns the tasks that do, for who cancels them.
  std::vector<Timers::Id> remind(const std::shared_ptr<const JobBatch>& batch);

 private:
  void finish(PendingRequest& request, std::int64_t row, std::uint64_t answer_from);
  void turn_away(const JobBatch& batch, const PendingRequest& request);

  Scheduler& scheduler_;
  Timers& timers_;
  Counters& counters_;
};

}  // namespace muxnet
