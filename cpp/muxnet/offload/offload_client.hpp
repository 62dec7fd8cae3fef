#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "muxnet/core/fork.hpp"
#include "muxnet/offload/local_models.hpp"
#include "muxnet/offload/offload_connections.hpp"
#include "muxnet/offload/offload_options.hpp"
#include "muxnet/protocol/clock.hpp"
#include "muxnet/protocol/transport.hpp"

namespace muxnet {

/// Who answers: as decided, or settled by the caller. `device` is the privacy switch: the input
/// does not leave the device, whatever its score and the link.
enum class Placement : std::uint8_t { decide, device, cloud };

struct Handling {
  std::optional<double> deadline_ms;  ///< instead of the client's
  Placement placement = Placement::decide;
};

/// An answer and where it came from.
struct OffloadAnswer {
  Tensor probabilities;  ///< f32 (1, K)
  std::int32_t answer = 0;
  OffloadReason reason = OffloadReason::easy;  ///< why it came from there
  std::string detail;                          ///< why the cloud did not answer, in words
  std::optional<double> score;                 ///< none where nobody decided
  double latency_ms = 0;                       ///< from call to answer
  double lateness_ms = 0;                      ///< past the deadline; 0 in time
  int attempts = 0;                            ///< requests sent
  double sent_bytes = 0;                       ///< requests, headers included
  double received_bytes = 0;                   ///< responses, headers included
  std::optional<double> server_ms;             ///< the server says that it took
  Quantity
      energy_mj;  ///< of the device: multiplexer, small model, a whole exchange for every attempt
};

/// Mobile-cloud collaboration in service (the paper's Figure 2 c): the multiplexer and the small
/// model run here, hard inputs go to an Open Inference Protocol endpoint, and every input is
/// answered before its deadline: where the cloud's answer is not there, the small model starts
/// `margin_ms` and its own time (mean + 4 deviations) before. With a dead link nothing is sent and
/// the multiplexer is not asked; the link is probed beside the local answers, without waiting.
/// Threads may call it at once: each exchange has a connection of its own, as many as there were
/// exchanges at once, and the small model's time is kept free for every call under way. In a forked
/// process every call throws std::runtime_error.
class OffloadClient {
 public:
  /// Measures the local models. Throws std::invalid_argument for options that do not fit, such as
  /// an objective of energy where powers are unknown. Sends nothing. `connect` gives a transport to
  /// the server, one for each exchange at a time; what it throws the first time is thrown here.
  OffloadClient(std::unique_ptr<LocalModels> local, OffloadConnections::Connect connect,
                std::shared_ptr<Clock> clock, OffloadOptions options);

  /// Reads what the server says of its model and measures the round trip, waiting for it; not
  /// needed: answer() does the same aside. Empty, or why the endpoint cannot be used now.
  std::string connect(double timeout_ms);

  /// Throws std::invalid_argument for an input that the models cannot be shown, or deadlines not
  /// above 0; never for what network and server do.
  OffloadAnswer answer(const OffloadInput& input, const Handling& handling = {});
  /// What the multiplexer says of an input, in [0, 1]: 0 = device, 1 = cloud. Throws
  /// std::invalid_argument for one that it cannot be shown.
  double score(const OffloadInput& input);

  std::string payload() const;          ///< as what images are sent; empty until that is known
  OffloadAccount account() const;       ///< of all inputs so far
  LinkProfile link() const;             ///< as measured so far
  Quantity server_ms() const;           ///< the server took, as measured so far
  double local_ms() const;              ///< mean time of the small model, measured
  double multiplexer_ms() const;        ///< mean time of the multiplexer, measured
  CircuitBreaker::State state() const;  ///< of the circuit breaker

 private:
  struct Work;

  /// The cloud's model.
  const HostedModel& cloud() const { return options_.cloud ? *options_.cloud : local_->small(); }
  void measure_local();
  double timed_score(const OffloadInput& input);
  OffloadReason choose(Work& work, Placement placement);
  OffloadReason send(Work& work);
  OffloadReason attempt(Work& work, Transport& transport, InferInput& input, double give_up_ms);
  OffloadReason given_up(Work& work, double sent, double waited_ms);
  OffloadReason judge(Work& work, Reply<InferResponse> reply, const ExpectedOutput& expected) const;
  void run_local(Work& work);
  OffloadAnswer finish(Work& work);

  // With `mutex_` held.
  std::string learn_endpoint(const Reply<ModelMetadata>& reply);
  void tend_probe();
  Prospects prospects(const Work& work) const;
  /// After a failed attempt: the wait before another, or none where there is none.
  std::optional<double> retry_ms(const Work& work, int made, double give_up_ms);
  Cost exchange_cost(double sent_bytes, double received_bytes, const Quantity& server) const;

  std::unique_ptr<LocalModels> local_;
  std::shared_ptr<Clock> clock_;
  OffloadOptions options_;
  ProcessLocal<OffloadConnections> connections_;
  std::atomic<int> calls_{0};  ///< under way: each may need the small model
  std::atomic<std::uint64_t> sequence_{0};

  mutable std::mutex mutex_;  ///< of what follows; nobody computes or waits with it
  std::optional<Endpoint> endpoint_;
  std::shared_ptr<const HostedModel> shown_;  ///< the cloud's model as the endpoint shows it
  LinkEstimator estimator_;
  CircuitBreaker breaker_;
  RetryPolicy retry_;
  DurationEstimate multiplexer_time_, local_time_;
  OffloadAccount account_;
  double payload_bytes_;
  double answer_bytes_ = 400;  // headers and a few numbers, until measured
  double last_exchange_ms_;
};

}  // namespace muxnet
