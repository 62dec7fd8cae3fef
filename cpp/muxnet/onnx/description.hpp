#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "muxnet/core/tensor.hpp"

namespace muxnet {

/// An input or output of an ONNX file.
struct OnnxValue {
  std::string name;            ///< by which nodes take or give it
  std::string dtype;           ///< "f32", "f16", "u8", "i64", "string", ...; "sequence", "map", ...
  std::optional<Shape> shape;  ///< 0 for free axes; none where the file does not say
};

/// What an ONNX file says of itself.
struct OnnxDescription {
  std::vector<OnnxValue> inputs;                ///< without those that have a value in the file
  std::vector<OnnxValue> outputs;               ///< in the file's order
  std::int64_t nodes = 0;                       ///< of all graphs within
  std::vector<std::string> operators;           ///< each once; of other domains "DOMAIN.NAME"
  std::map<std::string, std::int64_t> opsets;   ///< by domain; "" is ONNX's own
  std::map<std::string, std::string> metadata;  ///< what else it says, by key
  std::vector<std::string> external_files;      ///< that hold weights, in the model's folder
  /// Of an input of images, by the operators that take it, else by where its 3 or 1 channels stand:
  /// "nchw", "nhwc"; "" where neither tells.
  std::string layout;
  /// Of a classifier of ai.onnx.ml, in the order of its scores; none where its classes have names.
  std::vector<std::int64_t> class_labels;
  std::vector<std::string> class_names;  ///< the same of one whose classes have names
  /// Outputs that are a sequence of maps from labels to scores (ZipMap, as scikit-learn's
  /// classifiers are converted), and the scores (n, K) that they are made of, in the order of the
  /// labels.
  std::map<std::string, std::string> zipped;
  /// Whether a Softmax takes several axes as one, as before opset 13, or may do so.
  bool spans_axes = false;
  bool quantised_in_16_bits = false;  ///< values within, by QuantizeLinear
  /// Values within, by what all inputs of a batch hold (DynamicQuantizeLinear): what is answered to
  /// one of several is by the others too.
  bool dynamically_quantised = false;
};

/// Reads an ONNX file as far as it describes itself, and checks that all its weights are there.
/// Throws FileError for a file that cannot be read, std::invalid_argument for what is no ONNX
/// model, weights that are missing, shorter than their shape or outside the model's folder.
OnnxDescription describe_onnx(const std::filesystem::path& path);

/// The same of the file's content; `folder` has the files beside it.
OnnxDescription describe_onnx(std::string_view content, const std::filesystem::path& folder);

/// The whole file, at most as large as a protobuf message may be. Throws FileError.
std::string read_onnx(const std::filesystem::path& path);

/// "images f32 (?, 3, 224, 224)".
std::string to_string(const OnnxValue& value);

/// The same of several, with commas between.
std::string to_string(const std::vector<OnnxValue>& values);

}  // namespace muxnet
