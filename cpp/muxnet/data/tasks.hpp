#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace muxnet {

/// Jobs that TBB's threads run when they get to it, begun in the order of pushing.
class TaskQueue {
 public:
  TaskQueue();
  TaskQueue(const TaskQueue&) = delete;
  TaskQueue& operator=(const TaskQueue&) = delete;
  /// Discards the jobs that have not begun and waits for those that have.
  ~TaskQueue();

  /// `job` must not throw.
  void push(std::function<void()> job);

 private:
  struct Threads;
  static void run_one();

  std::unique_ptr<Threads> threads_;
  int running_ = 0;
};

/// body(0) .. body(count - 1) on TBB's threads and this one; what a body throws is thrown here.
void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body);

}  // namespace muxnet
