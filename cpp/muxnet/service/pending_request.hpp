#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "muxnet/service/deployment.hpp"
#include "muxnet/service/service_request.hpp"
#include "muxnet/service/timers.hpp"

namespace muxnet {

using ServiceClock = std::chrono::steady_clock;

/// One image on its way. Only the thread that moves it on touches it, but for the atomics.
struct RowState {
  /// Waits for `models` from here on, in a step of its own.
  void ask(std::uint64_t models);
  /// One of the models asked in that step has come back. True for the last of them, which moves the
  /// row on; false too where the row has gone on without them.
  bool came(std::uint32_t of_step);
  /// Lets the row go on without those that it waits for. True: it waited, and the caller moves it.
  bool take() { return waiting_.exchange(0) != 0; }
  /// The same of that step alone.
  bool take(std::uint32_t of_step) { return waiting_.compare_exchange_strong(of_step, 0); }
  /// All asked have come back; those that gave no answer do not count.
  void count_answers() { called |= asked & ~failed.load(); }

  std::uint64_t asked = 0;               ///< models of the current step
  std::uint32_t step = 0;                ///< its number, from 1
  std::atomic<std::uint64_t> failed{0};  ///< models elsewhere that gave no answer
  std::uint64_t called = 0;
  std::uint64_t wanted = 0;
  double cost = 0;
  Departure departure = Departure::none;
  bool last = false;  ///< the models asked now are those that answer: the rule is not asked again

 private:
  static constexpr unsigned count_bits = 8, count_mask = 0xff;
  std::atomic<std::uint64_t> open_{0};     ///< models still to come, beside the step
  std::atomic<std::uint32_t> waiting_{0};  ///< the step that is waited for; who clears it moves on
};

/// Throws std::invalid_argument for a request that `deployment` cannot answer, or of more than
/// `most` images.
void check_request(const ServiceRequest& request, const CompiledDeployment& deployment,
                   std::int64_t most);

/// A request on its way, shared by the jobs of its rows.
class PendingRequest {
 public:
  using Done = std::function<void(ServiceAnswer)>;

  PendingRequest(ServiceRequest from, std::shared_ptr<CompiledDeployment> with,
                 ServiceClock::time_point arrival, Done when_done);

  std::int64_t row_count() const { return evidence.rows(); }
  RowState& row(std::int64_t index) { return rows_[static_cast<std::size_t>(index)]; }
  bool uses_multiplexer() const { return deployment->uses_multiplexer() && !request.model; }
  /// Whether it begins with the multiplexer.
  bool looks_first() const { return deployment->looks_first() && !request.model; }

  /// A batch has run on some of its rows; from any thread.
  void note(const CallSpan& span);

  /// Writes one row's answer from models called, or its decision alone from none. True when it was
  /// the last row, and the request is to be answered by done().
  bool finish(std::int64_t index, std::uint64_t answer_from);

  /// True for the first to ask.
  bool expire() { return !expired_.exchange(true); }
  /// The rows that wait for models, which then cannot move them on any more; none where some row
  /// has no answer of a model yet.
  std::vector<std::int64_t> take_waiting();

  /// True for the first to ask, who then calls answer_now() or refuse(); nobody else may.
  bool settle() { return !settled_.exchange(true); }
  bool settled() const { return settled_.load(); }
  /// Hands the answer over.
  void answer_now();
  /// The same with a refusal, `failure` in place of its usual text.
  void refuse(ServiceStatus status, const std::string& failure, double retry_after_ms);

  const ServiceRequest request;
  const std::shared_ptr<CompiledDeployment> deployment;
  const std::shared_ptr<const Rule> rule;
  const ServiceClock::time_point arrived, deadline;
  BatchEvidence evidence;
  ServiceAnswer answer;
  Timers::Id timer{};  ///< of the deadline

 private:
  std::uint64_t shadow_wish(std::int64_t index, std::uint64_t called) const;
  std::string record(std::int64_t index, std::uint64_t answer_from) const;
  bool by_chosen_rule() const { return !request.model && !request.point; }
  double age_ms() const;

  std::vector<RowState> rows_;
  std::mutex noting_;
  std::atomic<std::int64_t> rows_left_;
  std::atomic<bool> expired_{false}, settled_{false};
  Done done_;
};

/// One row of a request that wants one stage.
struct Job {
  std::shared_ptr<PendingRequest> request;
  std::int64_t row = 0;
  ServiceClock::time_point since{};
  std::uint32_t step = 0;  ///< of the row, when it was queued for a model

  RowState& state() const { return request->row(row); }
};

}  // namespace muxnet
