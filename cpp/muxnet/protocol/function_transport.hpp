#pragma once

#include <functional>

#include "muxnet/protocol/transport.hpp"

namespace muxnet {

/// Takes what came of a request, once, from any thread.
template <class Value>
using TakesReply = std::function<void(Reply<Value>)>;

/// A server that functions reach: each begins a request, returns at once, and gives what gives the
/// request up. Whatever they throw is the request's fault.
struct FunctionServer {
  using GiveUp = std::function<void()>;

  std::function<GiveUp(TakesReply<ModelMetadata>)> describe;
  std::function<GiveUp(const InferInput&, TakesReply<InferResponse>)> infer;
};

/// A transport to one model; what is asked for by name and version is its matter.
std::unique_ptr<Transport> make_function_transport(FunctionServer server);

}  // namespace muxnet
