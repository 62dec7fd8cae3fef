#pragma once

#include "muxnet/protocol/endpoint.hpp"
#include "muxnet/runtime/hosted_model.hpp"

namespace muxnet {

/// A raw image u8 or f32 (1, c, h, w) as the endpoint takes it: its file, which the server makes
/// what it wants, or pixels as `cloud` says that its model is shown them, FP32 normalised. Throws
/// std::invalid_argument where pixels have to be u8 and are not.
InferInput make_input(const EndpointOptions& options, const Endpoint& endpoint,
                      const HostedModel& cloud, const Tensor& image);

}  // namespace muxnet
