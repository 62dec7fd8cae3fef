#include "muxnet/service/row_progress.hpp"

#include <algorithm>

namespace muxnet {
namespace {

/// How long before its deadline a request goes on to another model, of which `other_ms` is
/// expected: an estimate, and its queue may grow. Of much time more is kept, since who has slept
/// wakes slowly.
double reserve_ms(double other_ms, double left_ms) {
  constexpr double times = 2, share = 0.1, least_ms = 5, most_ms = 50;
  return times * other_ms + std::clamp(share * left_ms, least_ms, most_ms);
}

}  // namespace

void RowProgress::advance(std::span<const Job> jobs, Caller caller) {
  std::vector<Wish> wishes;
  for (const Job& job : jobs) {
    if (job.request->settled()) continue;
    RowState& row = job.state();
    if (row.last && row.called != 0) {
      finish(*job.request, job.row, row.called);
      continue;
    }
    const Step step = job.request->rule->next(job.request->evidence.of(job.row, row.called));
    row.wanted |= step.call;
    if (step.call == 0 || job.request->request.decide_only) {
      finish(*job.request, job.row, step.call == 0 ? step.answer_from : 0);
    } else {
      wishes.push_back({job, step.call, 0, ServiceStatus::ok});
    }
  }
  scheduler_.place(wishes, caller);
  for (const Wish& wish : wishes) {
    if (wish.status != ServiceStatus::ok) {
      refuse(*wish.job.request, wish.status);
    } else if (wish.answer_from != 0) {
      finish(*wish.job.request, wish.job.row, wish.answer_from);
    }
  }
}

void RowProgress::finish(PendingRequest& request, std::int64_t row, std::uint64_t answer_from) {
  if (!request.finish(row, answer_from) || !request.settle()) return;
  timers_.cancel(request.timer);
  counters_.answered(request);
  request.answer_now();
}

void RowProgress::refuse(PendingRequest& request, ServiceStatus status,
                         const std::string& failure) {
  if (!request.settle()) return;
  timers_.cancel(request.timer);
  counters_.refused(status);
  const double retry_after_ms = status == ServiceStatus::full ? scheduler_.backlog_ms() : 0;
  request.refuse(status, failure, retry_after_ms);
}

void RowProgress::fail(const JobBatch& batch, const std::exception& failure) {
  for (const Job& job : batch.jobs) refuse(*job.request, ServiceStatus::failed, failure.what());
}

void RowProgress::expire(PendingRequest& request) {
  if (!request.expire()) return;
  try {
    for (const std::int64_t index : request.take_waiting()) {
      RowState& row = request.row(index);
      row.departure = Departure::deadline;
      finish(request, index, request.rule->answer_now(request.evidence.of(index, row.called)));
    }
    refuse(request, ServiceStatus::late);
  } catch (const std::exception& failure) {
    refuse(request, ServiceStatus::failed, failure.what());
  }
}

std::vector<Timers::Id> RowProgress::remind(const std::shared_ptr<const JobBatch>& batch) {
  std::vector<Timers::Id> tasks;
  const PendingRequest* before = nullptr;
  for (const Job& job : batch->jobs) {
    if (job.request.get() == before) continue;
    before = job.request.get();
    const auto other = scheduler_.other_ms(*job.request, batch->stage);
    if (!other) continue;
    const auto now = ServiceClock::now();
    const std::chrono::duration<double, std::milli> left = job.request->deadline - now;
    const std::chrono::duration<double, std::milli> kept(reserve_ms(*other, left.count()));
    if (left <= kept) continue;  // it has no time for two
    const auto when = now + std::chrono::duration_cast<ServiceClock::duration>(left - kept);
    tasks.push_back(timers_.at(when));
    timers_.add(tasks.back(), [this, batch, before] { turn_away(*batch, *before); });
  }
  return tasks;
}

void RowProgress::turn_away(const JobBatch& batch, const PendingRequest& request) {
  std::vector<Job> moved;
  for (const Job& job : batch.jobs) {
    RowState& row = job.state();
    if (job.request.get() != &request || !row.take(job.step)) continue;
    row.failed |= row.asked;
    row.departure = Departure::unreachable;
    moved.push_back(job);
  }
  try {
    advance(moved, Caller::other);
  } catch (const std::exception& failure) {
    fail(batch, failure);
  }
}

}  // namespace muxnet
