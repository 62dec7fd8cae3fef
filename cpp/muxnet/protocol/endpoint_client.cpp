#include "muxnet/protocol/endpoint_client.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "muxnet/core/error.hpp"

namespace muxnet {

/// What the thread shares with the rest; it keeps it until it ends.
struct EndpointClient::State {
  State(const EndpointCalls::Connect& connect, std::shared_ptr<Clock> time,
        const RemoteModelOptions& chosen)
      : options(chosen), clock(std::move(time)), calls(connect, clock, chosen) {}

  /// Its thread, until stop().
  void serve() {
    for (;;) {
      std::vector<EndpointCall> came;
      {
        const std::lock_guard lock(mutex);
        if (stopping) break;
        came.swap(inbox);
      }
      for (EndpointCall& call : came) calls.add(std::move(call));
      came.clear();
      calls.step();
      {
        const std::lock_guard lock(mutex);
        seen = calls.statistics();
        reachable = seen.state != CircuitBreaker::State::open;
        if (stopping || !inbox.empty()) continue;
      }
      calls.work();
    }
    for (EndpointCall& call : inbox) calls.add(std::move(call));
    calls.fail_all("the end of this program's use of it");
  }

  const RemoteModelOptions options;
  const std::shared_ptr<Clock> clock;
  std::mutex mutex;
  std::vector<EndpointCall> inbox;
  EndpointStatistics seen;
  bool stopping = false;
  std::atomic<bool> reachable{true};
  EndpointCalls calls;  ///< the thread's, but for wake()
  std::thread thread;
};

EndpointClient::EndpointClient(const EndpointCalls::Connect& connect, std::shared_ptr<Clock> clock,
                               const RemoteModelOptions& options)
    : state_(std::make_unique<std::shared_ptr<State>>(
          std::make_shared<State>(connect, std::move(clock), options))) {}

EndpointClient::~EndpointClient() {
  if (!state_.at_home()) return;
  State& state = *state_.get("endpoint");
  std::thread thread;
  {
    const std::lock_guard lock(state.mutex);
    state.stopping = true;
    thread = std::move(state.thread);
  }
  if (!thread.joinable()) return;
  state.calls.wake();
  // Not joined: the last answer may let go of this, and who does may hold a lock that it waits for.
  thread.detach();
}

void EndpointClient::begin(const Tensor& images, double within_ms,
                           std::function<void(EndpointAnswer)> done, bool patient) {
  const std::shared_ptr<State>& state = state_.get("endpoint");
  const double most = std::min(within_ms, state->options.timeout_ms);
  {
    const std::lock_guard lock(state->mutex);
    if (!state->thread.joinable()) state->thread = std::thread([state] { state->serve(); });
    state->inbox.push_back({images, state->clock->now_ms() + most, std::move(done), patient});
  }
  state->calls.wake();
}

bool EndpointClient::reachable() const { return state_.get("endpoint")->reachable; }

EndpointStatistics EndpointClient::statistics() const {
  State& state = *state_.get("endpoint");
  const std::lock_guard lock(state.mutex);
  return state.seen;
}

const RemoteModelOptions& EndpointClient::options() const {
  return state_.get("endpoint")->options;
}

ModelMetadata read_metadata(const RemoteModelOptions& options) {
  const auto transport = make_transport(options.server);
  const auto transfer = transport->describe(options.endpoint.model, options.endpoint.version);
  const SteadyClock clock;
  if (!transfer->wait(clock.now_ms() + options.probe_timeout_ms)) {
    throw EndpointError(error_text(described(options), "what the server says of its model",
                                   text("no answer within ", options.probe_timeout_ms, " ms")));
  }
  Reply<ModelMetadata> reply = transfer->take();
  if (reply.fault != Fault::none) {
    throw EndpointError(text(described(options), ": ", reply.message));
  }
  return std::move(reply.value);
}

}  // namespace muxnet
