#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "muxnet/service/batch_times.hpp"
#include "muxnet/service/job_batch.hpp"

namespace muxnet {

/// What a row's rule wants called, and what became of that.
struct Wish {
  Job job;
  std::uint64_t call = 0;         ///< wanted; then what is called, 0 when nothing is
  std::uint64_t answer_from = 0;  ///< models called before that answer now, since nothing is called
  ServiceStatus status = ServiceStatus::ok;
};

/// Who queues rows.
enum class Caller {
  request,  ///< one that has just come
  worker,   ///< whose next() follows, so that nobody has to be woken for what it takes itself
  other
};

struct SchedulerOptions {
  std::size_t workers = 1;
  std::int64_t max_batch = 32;      ///< images that a model runs on, if so many save time
  std::int64_t queue_images = 512;  ///< that may wait for one stage
  double fill_ms = 0;               ///< longest wait of a batch that is not full
  bool cheaper_when_full = false;   ///< another model instead of a refusal
};

/// A bounded queue per stage, from which batches are taken, oldest request first. Knows how long
/// each stage takes, and so which models can still keep a deadline, and from which size on larger
/// batches save no time: none is larger, as its images would wait for each other for nothing,
/// unless batches are told to wait until they are full.
class Scheduler {
 public:
  Scheduler(std::size_t stages, const SchedulerOptions& options);

  /// Waits for a batch; one without jobs when closed and all work is done. Each is given back by
  /// finished().
  JobBatch next();
  /// `ms`: the time it ran; 0 when it did not.
  void finished(const JobBatch& batch, double ms);
  /// A batch has not come back in time: until it has, by returned(), which takes the place of
  /// finished(), nothing else is run on this model of that deployment, and nothing waits for it.
  void lost(const JobBatch& batch);
  void returned(const JobBatch& batch);
  /// What runs elsewhere is not waited for any more: finished() of it does nothing.
  void abandon_elsewhere();
  /// Drops what waits of requests that have their answer.
  void drop_settled();
  /// Requests that wait for a model that does not come back.
  std::vector<std::shared_ptr<PendingRequest>> waiting_for_lost() const;

  /// Queues rows for the multiplexer; where it does not say `ok`, none.
  ServiceStatus place_multiplexer(std::span<const Job> jobs);
  /// Queues rows for the models that they want, or for others where those are too late, too dear or
  /// have no room. By a request: when one is refused, or close() was called, none is queued, and
  /// all are refused.
  void place(std::span<Wish> wishes, Caller caller);

  /// Of a batch of so many; before there are measured ones, none are known and count as 0.
  void set_time(Stage stage, std::int64_t batch, double ms);
  double time_of(const JobBatch& batch) const;
  /// What the quickest model beside `stage` would need for one more row of a request; none where
  /// there is no other that could be called.
  std::optional<double> other_ms(const PendingRequest& request, Stage stage) const;
  /// Until what waits is worked off, by the workers and by those who run models elsewhere.
  double backlog_ms() const;
  std::vector<std::int64_t> waiting() const;

  /// Lets no more requests in; next() ends when nothing is left.
  void close();

 private:
  using Queue = std::deque<Job>;
  struct Lost {
    std::shared_ptr<const CompiledDeployment> deployment;
    Stage stage = 0;
  };

  JobBatch take(Stage stage, Queue::iterator first);
  Queue::iterator next_job(Stage stage);
  bool is_lost(const Job& job, Stage stage) const;
  bool any_lost(Stage stage) const;
  std::vector<Job> take_settled();
  bool is_empty();
  bool any_left();
  void push(Stage stage, Job job);
  void choose(Wish& wish);
  void substitute(Wish& wish, std::uint64_t obstructed);
  Departure obstacle(const Wish& wish, std::size_t model, double cost) const;
  double expected_ms(Stage stage, const CompiledDeployment& deployment) const;
  double queue_ms(Stage stage) const;
  double elsewhere_ms(Stage stage) const;
  double backlog_locked() const;

  SchedulerOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Queue> queues_;
  std::vector<std::int64_t> reserved_;  ///< rows that place() is about to queue
  BatchTimes times_;
  std::vector<int> running_;  ///< batches by stage, lost ones left out
  std::vector<int> away_;     ///< of those, the ones elsewhere
  bool abandoned_ = false;    ///< those are not waited for
  std::vector<Lost> lost_;    ///< an entry for each batch
  bool closing_ = false;
};

}  // namespace muxnet
