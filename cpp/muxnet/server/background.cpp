#include "muxnet/server/background.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "muxnet/core/json_values.hpp"
#include "muxnet/front/without_signals.hpp"

namespace muxnet {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr double longest_pause_s = 10;

}  // namespace

struct Background::Task {
  std::string name;
  double seconds = 0;
  std::function<void()> step;
  mutable std::mutex mutex;  ///< of what follows
  std::condition_variable changed;
  std::int64_t failures = 0;
  std::string failing;                     ///< why the last step failed
  std::optional<Clock::time_point> begun;  ///< the step that runs
  bool told_overdue = false;               ///< of that step
  bool woken = false, stopping = false, ended = false;

  double running_s() const { return begun ? Seconds(Clock::now() - *begun).count() : 0; }

  /// Does the step; whether it went well.
  bool try_once(const ServerLog& log) {
    std::string failure;
    try {
      step();
    } catch (const std::exception& error) {
      failure = error.what();
      if (failure.empty()) failure = "an error without a text";
    }
    const std::lock_guard lock(mutex);
    begun.reset();
    if (failure.empty()) {
      if (std::exchange(failing, {}).empty()) return true;
      log.tell(LogLevel::info, "background task works again", {{"task", name}});
      return true;
    }
    failing = failure;
    ++failures;
    log.tell(LogLevel::error, "background task failed",
             {{"task", name}, {"failures", failures}, {"reason", failing}});
    return false;
  }

  /// False: it is to end.
  bool begin() {
    const std::lock_guard lock(mutex);
    if (stopping) return false;
    begun = Clock::now();
    told_overdue = woken = false;
    return true;
  }
};

Background::Background(std::shared_ptr<const ServerLog> log, double overdue_s)
    : log_(std::move(log)), overdue_s_(overdue_s) {}

Background::~Background() { stop(0); }

void Background::every(double seconds, std::string name, std::function<void()> step) {
  const auto task = std::make_shared<Task>();
  task->name = std::move(name);
  task->seconds = seconds;
  task->step = std::move(step);
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(task);
  }
  const WithoutSignals blocked;
  std::thread([task, log = log_] { run(task, *log); }).detach();
}

void Background::run(const std::shared_ptr<Task>& task, const ServerLog& log) {
  double pause_s = task->seconds;
  while (task->begin()) {
    pause_s = task->try_once(log) ? task->seconds : longer_pause(pause_s, task->seconds);
    std::unique_lock lock(task->mutex);
    task->changed.wait_for(lock, Seconds(pause_s), [&] { return task->woken || task->stopping; });
  }
  task->step = nullptr;  // and what it holds, before anybody hears of the end
  const std::lock_guard lock(task->mutex);
  task->ended = true;
  task->changed.notify_all();
}

std::vector<std::shared_ptr<Background::Task>> Background::all() const {
  const std::lock_guard lock(mutex_);
  return tasks_;
}

void Background::wake(const std::string& name) {
  for (const auto& task : all()) {
    if (task->name != name) continue;
    const std::lock_guard lock(task->mutex);
    task->woken = true;
    task->changed.notify_all();
  }
}

bool Background::overdue(const Task& task) const { return task.running_s() > overdue_s_; }

std::vector<TaskState> Background::tasks() const {
  std::vector<TaskState> found;
  for (const auto& task : all()) {
    const std::lock_guard lock(task->mutex);
    const std::string trouble = overdue(*task) ? task->name + " does not end" : task->failing;
    found.push_back({task->name, task->failures, trouble});
  }
  return found;
}

void Background::tell_overdue() {
  for (const auto& task : all()) {
    const std::lock_guard lock(task->mutex);
    if (!overdue(*task) || std::exchange(task->told_overdue, true)) continue;
    log_->tell(LogLevel::error, "background task does not end",
               {{"task", task->name}, {"seconds", std::round(task->running_s())}});
  }
}

bool Background::stop(double within_ms) {
  const auto end = Clock::now() + std::chrono::duration<double, std::milli>(within_ms);
  const auto stopped = all();
  for (const auto& task : stopped) {
    const std::lock_guard lock(task->mutex);
    task->stopping = true;
    task->changed.notify_all();
  }
  bool ended = true;
  for (const auto& task : stopped) {
    std::unique_lock lock(task->mutex);
    ended = task->changed.wait_until(lock, end, [&] { return task->ended; }) && ended;
  }
  return ended;
}

double longer_pause(double before, double seconds) {
  return std::max(seconds, std::min(2 * before, longest_pause_s));
}

}  // namespace muxnet
