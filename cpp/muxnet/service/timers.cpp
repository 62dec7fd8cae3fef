#include "muxnet/service/timers.hpp"

namespace muxnet {

Timers::Timers() : thread_([this] { serve(); }) {}
Timers::~Timers() { close(); }

void Timers::add(const Id& id, std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (closing_) return;
  tasks_.emplace(id, std::move(task));
  // Deadlines mostly come in order: the thread is woken for none that is behind another.
  if (id.first < wake_) changed_.notify_one();
}

void Timers::cancel(const Id& id) {
  Tasks::node_type dropped;  // let go of without the lock
  const std::lock_guard lock(mutex_);
  dropped = tasks_.extract(id);
}

void Timers::run_all() {
  Tasks due;
  {
    const std::lock_guard lock(mutex_);
    due.swap(tasks_);
  }
  for (const auto& [id, task] : due) task();
}

void Timers::close() {
  Tasks dropped;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    dropped.swap(tasks_);
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Timers::serve() {
  std::unique_lock lock(mutex_);
  while (!closing_) {
    if (tasks_.empty()) {
      wake_ = Time::max();
      changed_.wait(lock);
      continue;
    }
    const Time first = tasks_.begin()->first.first;
    if (first > std::chrono::steady_clock::now()) {
      wake_ = first;
      changed_.wait_until(lock, first);
      continue;
    }
    {
      const auto due = tasks_.extract(tasks_.begin());
      lock.unlock();
      due.mapped()();
    }
    lock.lock();
  }
}

}  // namespace muxnet
