#include "muxnet/offload/offload_connections.hpp"

#include <utility>

namespace muxnet {

constexpr int least_polls = 5;  // a probe is worked on only when somebody asks for an answer

void OffloadConnections::start_probe(const EndpointOptions& options, double now_ms) {
  auto transport = borrow();
  auto transfer = transport->describe(options.model, options.version);
  probe_ = std::make_unique<Probe>(Probe{std::move(transport), std::move(transfer), now_ms});
}

std::optional<Reply<ModelMetadata>> OffloadConnections::poll_probe(double now_ms,
                                                                   double timeout_ms) {
  ++probe_->polls;
  Reply<ModelMetadata> reply;
  if (probe_->transfer->wait(now_ms)) {
    reply = probe_->transfer->take();
  } else if (now_ms - probe_->started_ms > timeout_ms && probe_->polls >= least_polls) {
    reply.fault = Fault::timed_out;
    reply.message = "[server] no answer to a probe";
  } else {
    return std::nullopt;
  }
  drop_probe();
  return reply;
}

}  // namespace muxnet
