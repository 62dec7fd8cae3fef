#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace muxnet {

/// Runs tasks when their time has come, one after the other on a thread of its own. Safe for any
/// number of threads.
class Timers {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Id = std::pair<Time, std::uint64_t>;  ///< in the order in which they run

  Timers();
  /// As close().
  ~Timers();
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  /// The name of a task to come, for whoever may cancel it.
  Id at(Time when) { return {when, ++named_}; }
  /// `task` must neither block nor throw. After close() it is never run.
  void add(const Id& id, std::function<void()> task);
  /// The task is not begun any more; nothing, where it was or is not known.
  void cancel(const Id& id);
  /// Runs all that waits, whatever its time, on the calling thread.
  void run_all();
  /// Drops what waits and stops.
  void close();

 private:
  using Tasks = std::map<Id, std::function<void()>>;

  void serve();

  std::atomic<std::uint64_t> named_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  Tasks tasks_;
  Time wake_ = Time::max();  ///< when the thread looks again by itself
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace muxnet
