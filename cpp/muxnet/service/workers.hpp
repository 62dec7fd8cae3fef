#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "muxnet/core/parallel.hpp"
#include "muxnet/service/job_batch.hpp"
#include "muxnet/service/timers.hpp"

namespace muxnet {

/// A batch that has run for longer than it may.
struct StuckBatch {
  Stage stage = 0;            ///< 0: the multiplexer, i + 1: model i
  std::uint64_t version = 0;  ///< of the deployment
  double seconds = 0;         ///< that it has run
};

/// Threads that run models.
struct WorkersState {
  std::size_t count = 0;          ///< workers that there should be
  std::size_t left = 0;           ///< of those, the ones that are not stuck
  std::vector<StuckBatch> stuck;  ///< oldest first
};

/// Threads that run batches, each in a place whose models only it runs. One that does not come back
/// from a batch in time is lost: another takes its place, unless too many are lost already, and it
/// ends when it comes back. Nothing waits for a lost one.
class Workers {
 public:
  /// One thread, and what it is on.
  struct Worker : std::enable_shared_from_this<Worker> {
    std::size_t place = 0;
    const JobBatch* batch = nullptr;  ///< that it runs
    Timers::Time since{};
    Timers::Id overdue{};
    bool lost = false, returned = false;
    std::thread thread;
  };
  /// What a thread does until it returns, in batches between begin() and end().
  using Work = std::function<void(Worker&)>;
  /// Told by `timers`' thread of a worker's batch, while that cannot end: the worker is lost.
  using Lost = std::function<void(const JobBatch&)>;

  /// Threads with `threads_each` for their computations. At most `spare` lost ones are replaced.
  Workers(std::size_t count, int threads_each, std::size_t spare, Timers& timers, Work work,
          Lost lost);
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Every thread keeps a share in `owner`, which holds all that `work` needs. Throws
  /// std::system_error when there are no more threads; some may run then.
  void start(const std::shared_ptr<void>& owner);

  /// The worker runs `batch` from here on, and is lost after `longest_ms`. Begun anew, the time
  /// counts anew.
  void begin(Worker& worker, const JobBatch& batch, double longest_ms);
  /// False when it was lost: another is in its place.
  bool end(Worker& worker);

  WorkersState state() const;
  /// Calls `visit` with what each lost worker is on, which cannot end meanwhile.
  void for_each_lost(const std::function<void(const JobBatch&)>& visit) const;
  /// Whether all threads that are not lost have returned by `end`.
  bool wait_until(Timers::Time end);
  /// Joins those, once they have.
  void join();

 private:
  void hire(std::size_t place);
  void replace(std::size_t place);
  void lose(Worker& worker, Timers::Time since);
  void leave(Worker& worker);
  std::size_t lost() const;

  std::size_t count_;
  int threads_each_;
  std::size_t spare_;
  Timers& timers_;
  Work work_;
  Lost tell_lost_;
  std::optional<BlasThreads> blas_;
  std::weak_ptr<void> owner_;
  mutable std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::shared_ptr<Worker>> workers_;  ///< and lost ones
};

}  // namespace muxnet
