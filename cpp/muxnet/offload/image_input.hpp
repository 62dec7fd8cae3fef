#pragma once

#include "muxnet/protocol/endpoint.hpp"

namespace muxnet {

/// One image as the endpoint takes it. Throws std::invalid_argument where pixels have to be u8 and
/// are not.
InferInput make_input(const EndpointOptions& options, const Endpoint& endpoint, const Tensor& image,
                      const Tensor& prepared);

}  // namespace muxnet
