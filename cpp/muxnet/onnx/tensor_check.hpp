#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace muxnet {

/// Throws std::invalid_argument unless a TensorProto holds as many values as its shape says: an
/// engine may take the shape's word, and read beyond the values where they are fewer. Values may
/// lie in a file of `folder`, whose name is added to `files`. Nothing is copied. Source: onnx.proto
/// of github.com/onnx/onnx.
void check_onnx_tensor(std::string_view tensor, const std::string& folder,
                       std::set<std::string>& files);

/// Where the values of a TensorProto that was checked lie, if in another file.
struct ExternalValues {
  std::string file;  ///< in the model's folder; "": its own
  std::int64_t offset = 0;
  std::int64_t bytes = 0;
};
ExternalValues external_values(std::string_view tensor);

}  // namespace muxnet
