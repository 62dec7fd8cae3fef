#pragma once

#include <string_view>

#include "muxnet/onnx/description.hpp"

namespace muxnet {

/// The input or output that a ValueInfoProto describes. Throws std::invalid_argument for a damaged
/// one and for more axes than tensors have here.
OnnxValue read_value(std::string_view bytes);

}  // namespace muxnet
