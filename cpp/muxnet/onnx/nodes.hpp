#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muxnet {

/// A node of an ONNX graph, as views of the file's bytes.
struct OnnxNode {
  std::string_view type;
  std::string_view domain;
  std::vector<std::string_view> inputs;
  std::vector<std::string_view> outputs;
  std::vector<std::int64_t> permutation;  // of a Transpose
  std::optional<std::int64_t> axis;       // of any operator that has one
  std::string_view tensor;                // a Constant's, as a TensorProto
  std::int64_t output_type = 0;           // of a QuantizeLinear that says it, by onnx.proto
};

/// Places of nodes in an order in which values come before what takes them; as they stand where
/// that is one. `taken` are the values that each takes, those for graphs within it too. Throws
/// std::invalid_argument where they go in a circle.
std::vector<std::size_t> in_order(const std::vector<OnnxNode>& nodes,
                                  const std::vector<std::vector<std::string_view>>& taken);

/// The layout that the operators which take `input` need: "nchw", "nhwc", or "" where they do not
/// tell.
std::string layout_by_operators(const std::vector<OnnxNode>& nodes, std::string_view input);

/// Whether values are quantised in 16 bits by these nodes. `weights` are tensors by name.
bool quantises_in_16_bits(const std::vector<OnnxNode>& nodes,
                          const std::map<std::string_view, std::string_view>& weights);

/// Whether a Softmax, LogSoftmax or Hardmax takes several axes as one, as those of before opset 13
/// do from their axis on, or may do so: `ranks` are of the values whose number of axes is known.
bool may_span_axes(const std::vector<OnnxNode>& nodes,
                   const std::map<std::string, std::size_t, std::less<>>& ranks);

}  // namespace muxnet
