#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "muxnet/core/pool.hpp"
#include "muxnet/protocol/endpoint.hpp"
#include "muxnet/protocol/transport.hpp"

namespace muxnet {

/// Transports to one server, each lent to one thread at a time, and a probe on one of them that
/// asks aside whether the server is back.
class OffloadConnections {
 public:
  using Connect = std::function<std::unique_ptr<Transport>()>;
  explicit OffloadConnections(Connect connect) : connect_(std::move(connect)) {}

  /// For several threads; throws what `connect` does.
  std::shared_ptr<Transport> borrow() const { return idle_.borrow(connect_); }

  // The probe, for one thread at a time.
  bool probing() const { return probe_ != nullptr; }
  void start_probe(const EndpointOptions& options, double now_ms);
  /// Works on it without waiting; its end, once: an answer, or Fault::timed_out after `timeout_ms`.
  std::optional<Reply<ModelMetadata>> poll_probe(double now_ms, double timeout_ms);
  void drop_probe() { probe_.reset(); }

 private:
  struct Probe {
    std::shared_ptr<Transport> transport;
    std::unique_ptr<Transfer<ModelMetadata>> transfer;
    double started_ms = 0;
    int polls = 0;
  };

  Connect connect_;
  Pool<Transport> idle_;
  std::unique_ptr<Probe> probe_;
};

}  // namespace muxnet
