#include "muxnet/data/tasks.hpp"

#include <pthread.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "muxnet/core/fork.hpp"

namespace muxnet {
namespace {

struct Job {
  TaskQueue* owner;
  std::function<void()> run;
};

/// Of all queues, so that a TBB task, which may come after its queue's end, refers to none.
struct Jobs {
  std::deque<Job> waiting;
  std::condition_variable finished;
};

/// Guards jobs() and TaskQueue::running_. Every hand-over between threads passes through it, which
/// also shows ThreadSanitizer the order of memory accesses that TBB keeps unseen.
std::mutex hand_over;

Jobs& jobs() {
  // Never destroyed: TBB's threads may outlive static objects.
  static auto& all = *new Jobs;
  return all;
}

/// A forked child has the lock open and no jobs, whose owners stay behind.
[[maybe_unused]] const int handlers =
    pthread_atfork([] { hand_over.lock(); }, [] { hand_over.unlock(); },
                   [] {
                     jobs().waiting.clear();
                     hand_over.unlock();
                   });

void meet() { const std::lock_guard lock(hand_over); }

/// Meets at both ends of a scope, also where an exception leaves it.
struct Meeting {
  Meeting() { meet(); }
  ~Meeting() { meet(); }
  Meeting(const Meeting&) = delete;
  Meeting& operator=(const Meeting&) = delete;
};

}  // namespace

struct TaskQueue::Threads {
  // The arena's default size would print a warning where TBB is limited to fewer threads.
  tbb::task_arena arena{static_cast<int>(
      tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism))};
};

TaskQueue::TaskQueue() : threads_(std::make_unique<Threads>()) {}

TaskQueue::~TaskQueue() {
  std::unique_lock lock(hand_over);
  std::erase_if(jobs().waiting, [this](const Job& job) { return job.owner == this; });
  jobs().finished.wait(lock, [this] { return running_ == 0; });
}

void TaskQueue::push(std::function<void()> job) {
  {
    const std::lock_guard lock(hand_over);
    jobs().waiting.push_back({this, std::move(job)});
  }
  threads_->arena.enqueue([] { run_one(); });
}

void TaskQueue::run_one() {
  std::unique_lock lock(hand_over);
  auto& all = jobs();
  if (all.waiting.empty()) return;
  Job job = std::move(all.waiting.front());
  all.waiting.pop_front();
  ++job.owner->running_;
  lock.unlock();
  {
    const AtWork at_work;
    job.run();
    job.run = nullptr;
  }
  lock.lock();
  --job.owner->running_;
  all.finished.notify_all();
}

void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) {
  const Meeting caller;
  tbb::parallel_for(std::size_t{0}, count, [&](std::size_t i) {
    const Meeting worker;
    body(i);
  });
}

}  // namespace muxnet
