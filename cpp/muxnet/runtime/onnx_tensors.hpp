#pragma once

#include <string_view>

namespace muxnet {

/// Throws std::invalid_argument unless the bytes are an ONNX model each of whose tensors (weights
/// and attributes, of inner graphs too) holds as many values as its shape says: OpenCV takes the
/// shape's word, and ends the process or reads beyond the values where they are fewer. Nothing is
/// copied. Source: onnx.proto of github.com/onnx/onnx.
void check_onnx_tensors(std::string_view model);

}  // namespace muxnet
