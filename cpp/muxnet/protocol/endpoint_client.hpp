#pragma once

#include <memory>

#include "muxnet/core/fork.hpp"
#include "muxnet/protocol/endpoint_calls.hpp"

namespace muxnet {

/// Calls to a model elsewhere, for any number of threads: one thread of its own carries them, so
/// that nobody has to wait for an answer. In a forked process every call throws std::runtime_error.
class EndpointClient {
 public:
  /// Nothing is sent before the first call. Throws as EndpointCalls does.
  EndpointClient(const EndpointCalls::Connect& connect, std::shared_ptr<Clock> clock,
                 const RemoteModelOptions& options);
  /// Calls that have no answer are failed.
  ~EndpointClient();
  EndpointClient(const EndpointClient&) = delete;
  EndpointClient& operator=(const EndpointClient&) = delete;

  /// Tells `done`, from its own thread, within `within_ms` and the options' time-out, whichever is
  /// less; `patient` as in EndpointCall.
  void begin(const Tensor& images, double within_ms, std::function<void(EndpointAnswer)> done,
             bool patient = false);

  /// False while the circuit breaker is open.
  bool reachable() const;
  EndpointStatistics statistics() const;
  const RemoteModelOptions& options() const;

 private:
  struct State;
  ProcessLocal<std::shared_ptr<State>> state_;
};

/// What the server says of its model, waited for. Throws EndpointError where there is no answer.
ModelMetadata read_metadata(const RemoteModelOptions& options);

/// A model elsewhere gave no usable answer; the text names it, and where it is.
class EndpointError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace muxnet
