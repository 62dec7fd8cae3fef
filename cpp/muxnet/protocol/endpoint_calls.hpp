#pragma once

#include <deque>
#include <functional>
#include <limits>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "muxnet/protocol/circuit_breaker.hpp"
#include "muxnet/protocol/clock.hpp"
#include "muxnet/protocol/endpoint.hpp"
#include "muxnet/protocol/retry_policy.hpp"
#include "muxnet/protocol/transport.hpp"

namespace muxnet {

/// A model on a server, and how it is asked.
struct RemoteModelOptions {
  std::string name;                ///< for messages
  ConnectionOptions server;        ///< where it is
  EndpointOptions endpoint;        ///< which model there, its input and output
  std::int64_t classes = 0;        ///< K that its answers must have; 0: as its first
  RetryOptions retry;              ///< further attempts of a request
  BreakerOptions breaker;          ///< when the server is left alone
  double timeout_ms = 10000;       ///< longest that an answer may take, retries included
  double probe_timeout_ms = 2000;  ///< longest wait for what the server says of its model
  int in_flight = 4;               ///< requests on their way at a time; others wait
  std::uint64_t seed = 0;          ///< of the jitter
};

/// Throws std::invalid_argument for options that do not fit.
void check(const RemoteModelOptions& options);

/// The model and where it is, for messages.
std::string described(const RemoteModelOptions& options);

/// What came of a call.
struct EndpointAnswer {
  Tensor answers;             ///< the output f32 (n, K), finite, where there was no fault
  Fault fault = Fault::none;  ///< why there is none
  std::string message;        ///< the same in words: which model, where, expected, received
};

/// Inputs f32 (n, ...) for the model, images (n, c, h, w), and whom to tell.
struct EndpointCall {
  Tensor images;                             ///< as the model wants them
  double until_ms = 0;                       ///< of the clock: nobody waits for longer
  std::function<void(EndpointAnswer)> done;  ///< must neither block nor throw
  bool patient = false;  ///< nobody else can answer: waits its time for a server that is not there
};

/// What is counted of a model elsewhere.
struct EndpointStatistics {
  CircuitBreaker::State state = CircuitBreaker::State::closed;  ///< of the circuit breaker
  std::int64_t requests = 0;                                    ///< sent, retries included
  std::int64_t retries = 0;                                     ///< further attempts
  std::int64_t failures = 0;   ///< attempts and probes without a usable answer
  std::int64_t probes = 0;     ///< questions what the model is, and whether it is back
  std::int64_t in_flight = 0;  ///< requests on their way now
  std::string trouble;         ///< the last failure in words; empty after an answer
};

/// Calls to one model elsewhere, moved on by one thread, which waits in work() alone. Requests in
/// flight are bounded; one that fails is tried again within its call's time; a server that does not
/// answer is left alone (CircuitBreaker) and its calls are failed at once, until a probe finds it
/// back. The server is asked what its model is before the first request, and again by each probe.
/// A request that it does not take as it is goes again in halves, and then, where nothing is known
/// to do better, in the other form.
class EndpointCalls {
 public:
  using Connect = std::function<std::unique_ptr<Transport>()>;

  /// Throws std::invalid_argument for options that do not fit, and what `connect` does.
  EndpointCalls(const Connect& connect, std::shared_ptr<Clock> clock, RemoteModelOptions options);
  ~EndpointCalls();
  EndpointCalls(const EndpointCalls&) = delete;
  EndpointCalls& operator=(const EndpointCalls&) = delete;

  /// A call is told once, by step() or fail_all().
  void add(EndpointCall call);
  /// Does all that can be done now, without waiting.
  void step();
  /// Waits until a request is over, something is to be done, or another thread calls wake().
  void work();
  /// From any thread.
  void wake() { transport_->wake(); }
  /// Tells every call that there will be no answer.
  void fail_all(const std::string& why);

  const EndpointStatistics& statistics() const { return statistics_; }

 private:
  struct Request;
  using Requests = std::list<std::unique_ptr<Request>>;

  void tend_probe(double now);
  void learn(const Reply<ModelMetadata>& reply, double now);
  void take_answers(double now);
  void judge(Request& request, double now);
  Checked<Tensor> answer_of(Request& request, Reply<InferResponse>& reply);
  /// True: it will be tried again.
  bool try_again(Request& request, Fault fault, const std::optional<double>& rest_ms, double now);
  void expire(double now);
  void start_waiting(double now);
  bool start(Request& request, double now);
  InferInput input_of(const Tensor& images, const Endpoint& endpoint);
  void divide(Request& request, std::int64_t most);
  void tell(Request& request, Fault fault, const std::string& problem);
  void fail_waiting(Fault fault, const std::string& why, bool all);
  double next_ms(double now) const;

  RemoteModelOptions options_;
  std::shared_ptr<Clock> clock_;
  std::unique_ptr<Transport> transport_;
  CircuitBreaker breaker_;
  RetryPolicy retry_;
  std::optional<ModelMetadata> metadata_;
  std::unique_ptr<Transfer<ModelMetadata>> probe_;
  double probe_until_ms_ = 0;  ///< the one under way
  double probe_after_ms_ = 0;  ///< before anything is known: when to ask again
  double answered_ms_ = 0;     ///< when the last answer came
  Requests waiting_, active_;
  std::int64_t classes_ = 0;  ///< of the answers so far
  static constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();
  std::int64_t most_rows_ = unlimited;  ///< inputs of a request, as far as the server has shown
  bool as_json_ = false;                ///< the server takes no binary tensors
  bool form_known_ = false;             ///< it has answered in the form that is used
  std::int64_t sequence_ = 0;
  EndpointStatistics statistics_;
};

}  // namespace muxnet
