#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace muxnet {

/// A model that describe_onnx() has checked, with the weights that lie in other files of `folder`
/// in it: an engine may map such files into memory, and answer otherwise or end the process when
/// they change. Empty where that is more than a protobuf message may hold. Throws FileError.
std::string with_weights(std::string_view model, const std::filesystem::path& folder);

/// The content of a model with `name`, numbers f32 that it has within, among its outputs. Throws
/// std::invalid_argument for a model that was too large to be read.
std::string with_output(std::string model, const std::string& name);

}  // namespace muxnet
