#include "muxnet/onnx/nodes.hpp"

#include <algorithm>
#include <set>

namespace muxnet {
namespace {

using Names = std::set<std::string_view>;

// Operators whose first input has its channels second, and those that leave axes where they are.
const Names channels_second{"AveragePool",   "BatchNormalization",    "Conv",
                            "ConvInteger",   "DepthToSpace",          "GlobalAveragePool",
                            "GlobalMaxPool", "InstanceNormalization", "LRN",
                            "MaxPool",       "QLinearConv",           "SpaceToDepth"};
const Names axes_stay{"Add", "Cast",           "Clip", "DequantizeLinear", "Div", "Identity", "Mul",
                      "Neg", "QuantizeLinear", "Relu", "Sigmoid",          "Sub", "Tanh"};
const std::vector<std::int64_t> channels_to_second{0, 3, 1, 2};
constexpr int most_steps = 16;  // of what prepares images

struct Tracer {
  const std::vector<OnnxNode>& nodes;
  std::set<std::string> found;
  Names seen;

  void follow(std::string_view value, const std::string& layout, int steps = 0) {
    if (steps > most_steps || !seen.insert(value).second) return;
    for (const OnnxNode& node : nodes) {
      const auto place = std::find(node.inputs.begin(), node.inputs.end(), value);
      if (place == node.inputs.end() || !node.domain.empty() || node.outputs.empty()) continue;
      if (place == node.inputs.begin() && channels_second.contains(node.type)) {
        found.insert(layout);
      } else if (axes_stay.contains(node.type)) {
        follow(node.outputs.front(), layout, steps + 1);
      } else if (node.type == "Transpose" && node.permutation == channels_to_second &&
                 layout == "nchw") {
        follow(node.outputs.front(), "nhwc", steps + 1);
      }
    }
  }
};

}  // namespace

std::string layout_by_operators(const std::vector<OnnxNode>& nodes, std::string_view input) {
  Tracer tracer{nodes, {}, {}};
  tracer.follow(input, "nchw");
  return tracer.found.size() == 1 ? *tracer.found.begin() : "";
}

bool may_span_axes(const std::vector<OnnxNode>& nodes,
                   const std::map<std::string, std::size_t, std::less<>>& ranks) {
  static const Names spanning{"Softmax", "LogSoftmax", "Hardmax"};
  Names matrices;
  for (const OnnxNode& node : nodes) {
    if (node.outputs.empty() || !node.domain.empty()) continue;
    if (node.type == "Gemm" || node.type == "Flatten") matrices.insert(node.outputs.front());
    if (!spanning.contains(node.type) || node.inputs.empty()) continue;
    const std::int64_t axis = node.axis.value_or(1);
    std::size_t rank = matrices.contains(node.inputs.front()) ? 2 : 0;
    for (const auto name : {node.inputs.front(), node.outputs.front()}) {
      const auto known = ranks.find(name);
      if (known != ranks.end()) rank = known->second;
    }
    if (axis != -1 && axis + 1 != static_cast<std::int64_t>(rank)) return true;
  }
  return false;
}

}  // namespace muxnet
