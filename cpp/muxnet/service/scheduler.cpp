#include "muxnet/service/scheduler.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "muxnet/core/error.hpp"
#include "muxnet/routing/model_mask.hpp"

namespace muxnet {
namespace {

constexpr auto no_stage = static_cast<Stage>(-1);

const SchedulerOptions& checked(const SchedulerOptions& options) {
  require(options.workers > 0, "service, workers", "at least 1", text(options.workers));
  require(options.max_batch > 0, "service, max_batch", "at least 1", text(options.max_batch));
  require(options.queue_images > 0, "service, queue_images", "at least 1",
          text(options.queue_images));
  require(options.fill_ms >= 0, "service, fill_ms", "at least 0", text(options.fill_ms));
  return options;
}

}  // namespace

Scheduler::Scheduler(std::size_t stages, const SchedulerOptions& options)
    : options_(checked(options)),
      queues_(stages),
      reserved_(stages),
      times_(stages, options.max_batch, options.fill_ms > 0),
      running_(stages),
      away_(stages) {}

JobBatch Scheduler::next() {
  const auto fill = std::chrono::duration_cast<ServiceClock::duration>(
      std::chrono::duration<double, std::milli>(options_.fill_ms));
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto now = ServiceClock::now();
    auto wake = ServiceClock::time_point::max(), arrived = wake;
    Stage oldest = no_stage;
    Queue::iterator first;
    for (Stage stage = 0; stage < queues_.size(); ++stage) {
      const auto job = next_job(stage);
      if (job == queues_[stage].end()) continue;  // finished() or returned() wakes
      const bool full = static_cast<std::int64_t>(queues_[stage].size()) >= options_.max_batch;
      if (!full && !closing_ && job->since + fill > now) {
        wake = std::min(wake, job->since + fill);
      } else if (oldest == no_stage || job->request->arrived < arrived) {
        oldest = stage;
        first = job;
        arrived = job->request->arrived;
      }
    }
    if (oldest != no_stage) {
      JobBatch batch = take(oldest, first);
      if (any_left()) wake_.notify_one();
      return batch;
    }
    if (closing_ && is_empty()) return {};
    if (wake == ServiceClock::time_point::max()) {
      wake_.wait(lock);
    } else {
      wake_.wait_until(lock, wake);
    }
  }
}

/// Nothing waits that has no answer yet, and nothing runs, but for what is lost.
bool Scheduler::is_empty() {
  take_settled();
  return std::all_of(queues_.begin(), queues_.end(), [](const auto& q) { return q.empty(); }) &&
         std::all_of(running_.begin(), running_.end(), [](int n) { return n == 0; });
}

/// Whether something waits that may run, now or when its batch has waited long enough.
bool Scheduler::any_left() {
  for (Stage stage = 0; stage < queues_.size(); ++stage) {
    if (next_job(stage) != queues_[stage].end()) return true;
  }
  return false;
}

JobBatch Scheduler::take(Stage stage, Queue::iterator first) {
  JobBatch batch{stage, {}, false};
  auto& queue = queues_[stage];
  const auto* deployment = first->request->deployment.get();
  const std::int64_t most = times_.paying(stage);
  auto last = first;
  for (; last != queue.end() && static_cast<std::int64_t>(batch.jobs.size()) < most &&
         last->request->deployment.get() == deployment;
       ++last) {
    batch.jobs.push_back(std::move(*last));
  }
  queue.erase(first, last);
  ++running_[stage];
  batch.elsewhere = deployment->elsewhere(stage);
  if (batch.elsewhere) ++away_[stage];
  return batch;
}

/// The oldest that may run now.
Scheduler::Queue::iterator Scheduler::next_job(Stage stage) {
  auto& queue = queues_[stage];
  const auto job = std::find_if(queue.begin(), queue.end(),
                                [&](const Job& one) { return !is_lost(one, stage); });
  if (job == queue.end()) return job;
  const std::size_t most = job->request->deployment->at_once(stage);
  return most > 0 && running_[stage] >= static_cast<int>(most) ? queue.end() : job;
}

bool Scheduler::is_lost(const Job& job, Stage stage) const {
  return std::any_of(lost_.begin(), lost_.end(), [&](const Lost& lost) {
    return lost.stage == stage && lost.deployment == job.request->deployment;
  });
}

bool Scheduler::any_lost(Stage stage) const {
  return std::any_of(lost_.begin(), lost_.end(),
                     [&](const Lost& lost) { return lost.stage == stage; });
}

void Scheduler::lost(const JobBatch& batch) {
  const std::lock_guard lock(mutex_);
  --running_[batch.stage];
  lost_.push_back({batch.jobs.front().request->deployment, batch.stage});
  wake_.notify_all();
}

void Scheduler::returned(const JobBatch& batch) {
  const std::lock_guard lock(mutex_);
  const auto& deployment = batch.jobs.front().request->deployment;
  const auto found = std::find_if(lost_.begin(), lost_.end(), [&](const Lost& lost) {
    return lost.stage == batch.stage && lost.deployment == deployment;
  });
  lost_.erase(found);
  wake_.notify_all();
}

void Scheduler::drop_settled() {
  std::vector<Job> dropped;  // let go of without the lock
  const std::lock_guard lock(mutex_);
  dropped = take_settled();
  if (closing_) wake_.notify_all();
}

std::vector<Job> Scheduler::take_settled() {
  std::vector<Job> settled;
  for (auto& queue : queues_) {
    std::erase_if(queue, [&](Job& job) {
      if (!job.request->settled()) return false;
      settled.push_back(job);
      return true;
    });
  }
  return settled;
}

std::vector<std::shared_ptr<PendingRequest>> Scheduler::waiting_for_lost() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<PendingRequest>> result;
  for (Stage stage = 0; stage < queues_.size(); ++stage) {
    for (const Job& job : queues_[stage]) {
      if (is_lost(job, stage)) result.push_back(job.request);
    }
  }
  return result;
}

void Scheduler::abandon_elsewhere() {
  const std::lock_guard lock(mutex_);
  abandoned_ = true;
  for (Stage stage = 0; stage < away_.size(); ++stage) {
    running_[stage] -= std::exchange(away_[stage], 0);
  }
  wake_.notify_all();
}

void Scheduler::finished(const JobBatch& batch, double ms) {
  const std::lock_guard lock(mutex_);
  if (batch.elsewhere && abandoned_) return;
  if (batch.elsewhere) --away_[batch.stage];
  --running_[batch.stage];
  if (ms > 0) {
    const auto images = static_cast<std::int64_t>(batch.jobs.size());
    times_.add(batch.stage, images, ms);
  }
  if (closing_) {
    wake_.notify_all();
  } else if (!queues_[batch.stage].empty()) {
    wake_.notify_one();
  }
}

void Scheduler::push(Stage stage, Job job) {
  job.since = ServiceClock::now();
  queues_[stage].push_back(std::move(job));
}

ServiceStatus Scheduler::place_multiplexer(std::span<const Job> jobs) {
  const std::lock_guard lock(mutex_);
  if (closing_) return ServiceStatus::closing;
  if (!jobs.empty() && is_lost(jobs.front(), 0)) return ServiceStatus::stuck;
  if (queues_[0].size() + jobs.size() > static_cast<std::size_t>(options_.queue_images)) {
    return ServiceStatus::full;
  }
  for (const Job& job : jobs) push(0, job);
  wake_.notify_one();  // who takes less than all wakes the next
  return ServiceStatus::ok;
}

void Scheduler::place(std::span<Wish> wishes, Caller caller) {
  const bool entering = caller == Caller::request;
  const std::lock_guard lock(mutex_);
  ServiceStatus worst = entering && closing_ ? ServiceStatus::closing : ServiceStatus::ok;
  for (Wish& wish : wishes) {
    choose(wish);
    for (const std::size_t model : models_of(wish.call)) ++reserved_[model + 1];
    if (wish.status != ServiceStatus::ok && worst == ServiceStatus::ok) worst = wish.status;
  }
  std::fill(reserved_.begin(), reserved_.end(), 0);
  for (Wish& wish : wishes) {
    if (entering && worst != ServiceStatus::ok) wish.status = worst;
    if (wish.status != ServiceStatus::ok || wish.call == 0) continue;
    if (wish.job.request->settled()) continue;  // drop_settled() may have been before
    RowState& row = wish.job.state();
    row.ask(wish.call);
    wish.job.step = row.step;
    for (const std::size_t model : models_of(wish.call)) push(model + 1, wish.job);
  }
  // A worker with answers to give besides does not come for the next at once.
  const bool others = std::any_of(wishes.begin(), wishes.end(), [](const Wish& wish) {
    return wish.status != ServiceStatus::ok || wish.answer_from != 0;
  });
  if (caller != Caller::worker || others) wake_.notify_one();
}

void Scheduler::set_time(Stage stage, std::int64_t batch, double ms) {
  const std::lock_guard lock(mutex_);
  times_.set(stage, batch, ms);
}

double Scheduler::time_of(const JobBatch& batch) const {
  const std::lock_guard lock(mutex_);
  return times_.of(batch.stage, static_cast<std::int64_t>(batch.jobs.size()));
}

double Scheduler::backlog_ms() const {
  const std::lock_guard lock(mutex_);
  double longest = backlog_locked();
  for (Stage stage = 1; stage < queues_.size(); ++stage) {
    longest = std::max(longest, elsewhere_ms(stage));
  }
  return longest;
}

std::vector<std::int64_t> Scheduler::waiting() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::int64_t> result;
  for (const auto& queue : queues_) result.push_back(static_cast<std::int64_t>(queue.size()));
  return result;
}

void Scheduler::close() {
  const std::lock_guard lock(mutex_);
  closing_ = true;
  wake_.notify_all();
}

}  // namespace muxnet
