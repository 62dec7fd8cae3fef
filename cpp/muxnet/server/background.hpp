#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "muxnet/server/server_log.hpp"

namespace muxnet {

/// How it goes with a task of a server.
struct TaskState {
  std::string name;           ///< of the task
  std::int64_t failures = 0;  ///< steps that threw
  std::string trouble;        ///< why the last one did, or that it does not end; empty: nothing
};

/// What a server does beside requests, each task again and again on a thread of its own, none
/// without a watcher. A step that throws is logged, counted, and tried again after a pause that
/// doubles up to ten seconds; one that does not end is logged and shown. Safe for several threads.
class Background {
 public:
  /// A step that takes longer than `overdue_s` does not end.
  explicit Background(std::shared_ptr<const ServerLog> log, double overdue_s = 60);
  ~Background();  ///< as stop(), without waiting
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  /// Begins to do `step`, at once and then every so many seconds.
  void every(double seconds, std::string name, std::function<void()> step);
  /// Lets a task do its next step now.
  void wake(const std::string& name);
  std::vector<TaskState> tasks() const;
  /// Logs tasks whose step does not end, each step once.
  void tell_overdue();
  /// Begins no further step; false: one has not ended within the time, and is left to itself.
  bool stop(double within_ms);

 private:
  struct Task;
  static void run(const std::shared_ptr<Task>& task, const ServerLog& log);
  bool overdue(const Task& task) const;
  std::vector<std::shared_ptr<Task>> all() const;

  std::shared_ptr<const ServerLog> log_;
  double overdue_s_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Task>> tasks_;
};

/// The pause after a step that failed, in seconds, `before` being the last one's.
double longer_pause(double before, double seconds);

}  // namespace muxnet
