#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "muxnet/runtime/circuit_breaker.hpp"
#include "muxnet/runtime/clock.hpp"
#include "muxnet/runtime/link_estimator.hpp"
#include "muxnet/runtime/local_models.hpp"
#include "muxnet/runtime/offload_decision.hpp"
#include "muxnet/runtime/offload_endpoint.hpp"
#include "muxnet/runtime/retry_policy.hpp"
#include "muxnet/runtime/transport.hpp"

namespace muxnet {

struct OffloadOptions {
  EndpointOptions endpoint;
  OffloadObjective objective;
  RetryOptions retry;
  BreakerOptions breaker;
  LinkProfile link;  ///< rates to begin with, and the radio's powers; either may be unknown
  Cost look;         ///< the multiplexer's energy on this device, where known
  Cost small;        ///< the small model's

  double deadline_ms = 1000;          ///< of an answer, from the call
  double margin_ms = 2;               ///< kept free before it, for what the clock cannot see
  double request_timeout_ms = 10000;  ///< of one request, where the deadline leaves more
  double probe_timeout_ms = 2000;
  double refresh_ms = 10000;  ///< after so long without an exchange, a slow link is tried again
  std::uint64_t seed = 0;     ///< of the jitter
};

/// Who answers: as decided, or settled by the caller. `device` is the privacy switch: the input
/// does not leave the device, whatever its score and the link.
enum class Placement : std::uint8_t { decide, device, cloud };

struct Handling {
  std::optional<double> deadline_ms;  ///< instead of the client's
  Placement placement = Placement::decide;
};

struct OffloadAnswer {
  Tensor probabilities;  ///< f32 (1, K)
  std::int32_t answer = 0;
  OffloadReason reason = OffloadReason::easy;
  std::string detail;           ///< why the cloud did not answer, in words
  std::optional<double> score;  ///< none where nobody looked
  double latency_ms = 0;
  double lateness_ms = 0;  ///< past the deadline; 0 in time
  int attempts = 0;
  double sent_bytes = 0;
  double received_bytes = 0;
  std::optional<double> server_ms;
  Figure energy_mj;  ///< of the device: look, small model, a whole exchange for every attempt
};

/// Mobile-cloud collaboration in service (the paper's Figure 2 c): the multiplexer and the small
/// model run here, hard inputs go to an Open Inference Protocol endpoint, and every input is
/// answered before its deadline: where the cloud's answer is not there, the small model starts
/// `margin_ms` and its own time (mean + 4 deviations) before. With a dead link nothing is sent and
/// the multiplexer is not asked; the link is probed beside the local answers, without waiting.
/// Calls from several threads take turns.
class OffloadClient {
 public:
  /// Measures the local models. Throws std::invalid_argument for options that do not fit, such as
  /// an objective of energy where powers are unknown. Sends nothing.
  OffloadClient(std::unique_ptr<LocalModels> local, std::unique_ptr<Transport> transport,
                std::shared_ptr<Clock> clock, OffloadOptions options);

  /// Reads what the server says of its model and measures the round trip, waiting for it; not
  /// needed: answer() does the same aside. Empty, or why the endpoint cannot be used now.
  std::string connect(double timeout_ms);

  /// Throws std::invalid_argument for an image that is not (1, c, h, w) as the models', or
  /// deadlines not above 0; never for what network and server do.
  OffloadAnswer answer(const Tensor& image, const Handling& handling = {});

  OffloadAccount account() const;
  LinkProfile link() const;  ///< as measured so far
  Figure server_ms() const;
  double local_ms() const;  ///< mean time of the small model, measured
  double look_ms() const;
  CircuitBreaker::State state() const;

 private:
  struct Work;
  void measure_local();
  std::unique_ptr<Transfer<ModelMetadata>> describe();
  std::string learn_endpoint(const Reply<ModelMetadata>& reply);
  void tend_probe();
  Prospects prospects(const Work& work) const;
  OffloadReason choose(Work& work, Placement placement);
  OffloadReason send(Work& work);
  OffloadReason attempt(Work& work, InferInput& input, double give_up_ms);
  OffloadReason judge(Work& work, Reply<InferResponse> reply, const ExpectedOutput& expected);
  Cost exchange_cost(double sent_bytes, double received_bytes, const Figure& server) const;
  void run_local(Work& work);
  OffloadAnswer finish(Work& work);

  std::unique_ptr<LocalModels> local_;
  std::unique_ptr<Transport> transport_;
  std::shared_ptr<Clock> clock_;
  OffloadOptions options_;
  mutable std::mutex mutex_;

  std::optional<Endpoint> endpoint_;
  LinkEstimator estimator_;
  CircuitBreaker breaker_;
  RetryPolicy retry_;
  DurationEstimate look_time_, local_time_;
  OffloadAccount account_;
  double payload_bytes_;
  double answer_bytes_ = 400;  // headers and a few numbers, until measured
  double last_exchange_ms_;
  std::uint64_t sequence_ = 0;

  std::unique_ptr<Transfer<ModelMetadata>> probe_;
  double probe_started_ms_ = 0;
  int probe_polls_ = 0;
};

}  // namespace muxnet
