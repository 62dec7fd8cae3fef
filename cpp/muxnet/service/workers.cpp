#include "muxnet/service/workers.hpp"

#include <omp.h>

#include <algorithm>
#include <system_error>

namespace muxnet {
namespace {

constexpr std::chrono::seconds hire_again{1};

double seconds_since(Timers::Time start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Workers::Workers(std::size_t count, int threads_each, std::size_t spare, Timers& timers, Work work,
                 Lost lost)
    : count_(count),
      threads_each_(threads_each),
      spare_(spare),
      timers_(timers),
      work_(std::move(work)),
      tell_lost_(std::move(lost)) {}

void Workers::start(const std::shared_ptr<void>& owner) {
  owner_ = owner;
  const std::lock_guard lock(mutex_);
  blas_.emplace(threads_each_);
  for (std::size_t place = 0; place < count_; ++place) hire(place);
}

void Workers::hire(std::size_t place) {
  auto worker = std::make_shared<Worker>();
  worker->place = place;
  worker->thread = std::thread([this, owner = owner_.lock(), worker] {
    omp_set_num_threads(threads_each_);
    work_(*worker);
    leave(*worker);
  });
  workers_.push_back(std::move(worker));
}

/// Later, where the system has no thread just now.
void Workers::replace(std::size_t place) {
  if (lost() > spare_) return;
  try {
    hire(place);
  } catch (const std::system_error&) {
    timers_.add(timers_.at(std::chrono::steady_clock::now() + hire_again), [this, place] {
      const std::lock_guard lock(mutex_);
      replace(place);
    });
  }
}

void Workers::begin(Worker& worker, const JobBatch& batch, double longest_ms) {
  const std::lock_guard lock(mutex_);
  if (worker.lost) return;
  timers_.cancel(worker.overdue);
  worker.batch = &batch;
  worker.since = std::chrono::steady_clock::now();
  const auto longest = std::chrono::duration_cast<Timers::Time::duration>(
      std::chrono::duration<double, std::milli>(longest_ms));
  worker.overdue = timers_.at(worker.since + longest);
  timers_.add(worker.overdue, [this, kept = worker.shared_from_this(), since = worker.since] {
    lose(*kept, since);
  });
}

bool Workers::end(Worker& worker) {
  const std::lock_guard lock(mutex_);
  timers_.cancel(worker.overdue);
  worker.batch = nullptr;
  return !worker.lost;
}

void Workers::lose(Worker& worker, Timers::Time since) {
  const std::lock_guard lock(mutex_);
  if (worker.batch == nullptr || worker.since != since || worker.lost) return;
  worker.lost = true;
  worker.thread.detach();
  tell_lost_(*worker.batch);
  replace(worker.place);
  returned_.notify_all();
}

void Workers::leave(Worker& worker) {
  const std::lock_guard lock(mutex_);
  worker.returned = true;
  if (worker.lost) std::erase(workers_, worker.shared_from_this());
  returned_.notify_all();
}

std::size_t Workers::lost() const {
  return static_cast<std::size_t>(std::count_if(workers_.begin(), workers_.end(),
                                                [](const auto& worker) { return worker->lost; }));
}

WorkersState Workers::state() const {
  const std::lock_guard lock(mutex_);
  WorkersState result{count_, 0, {}};
  for (const auto& worker : workers_) {
    if (!worker->lost || worker->batch == nullptr) continue;
    const CompiledDeployment& deployment = *worker->batch->jobs.front().request->deployment;
    result.stuck.push_back(
        {worker->batch->stage, deployment.version(), seconds_since(worker->since)});
  }
  result.left = count_ - std::min(count_, result.stuck.size());
  return result;
}

void Workers::for_each_lost(const std::function<void(const JobBatch&)>& visit) const {
  const std::lock_guard lock(mutex_);
  for (const auto& worker : workers_) {
    if (worker->lost && worker->batch != nullptr) visit(*worker->batch);
  }
}

bool Workers::wait_until(Timers::Time end) {
  std::unique_lock lock(mutex_);
  return returned_.wait_until(lock, end, [this] {
    return std::all_of(workers_.begin(), workers_.end(),
                       [](const auto& worker) { return worker->returned || worker->lost; });
  });
}

void Workers::join() {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& worker : workers_) {
      if (worker->thread.joinable()) threads.push_back(std::move(worker->thread));
    }
  }
  for (auto& thread : threads) thread.join();
  blas_.reset();
}

}  // namespace muxnet
