#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "muxnet/runtime/deployment.hpp"
#include "muxnet/runtime/service_request.hpp"

namespace muxnet {

using ServiceClock = std::chrono::steady_clock;

/// One image on its way. Only the thread that holds its job touches it, but for `open`.
struct RowState {
  std::atomic<int> open{0};  ///< models asked that have not answered yet
  std::uint64_t asked = 0;   ///< models of the current step
  std::uint64_t called = 0;
  std::uint64_t wanted = 0;
  double macs = 0;
  Departure departure = Departure::none;
  bool last = false;  ///< the models asked now are those that answer: the rule is not asked again
};

/// A request on its way, shared by the jobs of its rows.
class PendingRequest {
 public:
  using Done = std::function<void(ServiceAnswer)>;

  PendingRequest(ServiceRequest from, std::shared_ptr<CompiledDeployment> with,
                 ServiceClock::time_point arrival, Done when_done);

  std::int64_t row_count() const { return evidence.rows(); }
  RowState& row(std::int64_t index) { return rows_[static_cast<std::size_t>(index)]; }
  bool looks() const { return deployment->looks() && !request.model; }

  /// A batch has run on some of its rows; from any thread.
  void note(const CallSpan& span);

  /// Writes one row's answer from models called, or its decision alone from none. True when it was
  /// the last row, and the request is to be answered by done().
  bool finish(std::int64_t index, std::uint64_t answer_from);

  /// Hands the answer over; false when the request was refused before.
  bool answer_now();
  /// The same with a refusal, `failure` in place of its usual text; false when it was answered or
  /// refused before.
  bool refuse(ServiceStatus status, const std::string& failure, double retry_after_ms);
  bool refused() const { return answered_.load(std::memory_order_relaxed); }

  const ServiceRequest request;
  const std::shared_ptr<CompiledDeployment> deployment;
  const std::shared_ptr<const Rule> rule;
  const ServiceClock::time_point arrived, deadline;
  BatchEvidence evidence;
  ServiceAnswer answer;

 private:
  std::uint64_t shadow_wish(std::int64_t index, std::uint64_t called) const;
  std::string record(std::int64_t index, std::uint64_t answer_from) const;
  bool by_chosen_rule() const { return !request.model && !request.point; }
  double age_ms() const;

  std::vector<RowState> rows_;
  std::mutex noting_;
  std::atomic<std::int64_t> rows_left_;
  std::atomic<bool> answered_{false};
  Done done_;
};

/// One row of a request that wants one stage.
struct Job {
  std::shared_ptr<PendingRequest> request;
  std::int64_t row = 0;
  ServiceClock::time_point since{};

  RowState& state() const { return request->row(row); }
};

}  // namespace muxnet
