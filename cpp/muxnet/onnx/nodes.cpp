#include "muxnet/onnx/nodes.hpp"

#include <algorithm>
#include <functional>
#include <queue>
#include <set>

#include "muxnet/core/error.hpp"
#include "muxnet/onnx/protobuf.hpp"
#include "muxnet/onnx/value_types.hpp"

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

/// The type of a tensor's elements, by onnx.proto.
std::int64_t type_of(std::string_view tensor) {
  std::int64_t type = 0;
  protobuf::Fields fields(tensor);
  while (const auto field = fields.next()) {
    if (field->counts(2)) type = static_cast<std::int64_t>(field->value);
  }
  return type;
}

bool is_of_16_bits(std::int64_t type) {
  const ElementType* known = element_type(type);
  return known != nullptr && (known->name == "u16" || known->name == "i16");
}

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

std::vector<std::size_t> in_order(const std::vector<OnnxNode>& nodes,
                                  const std::vector<std::vector<std::string_view>>& taken) {
  std::map<std::string_view, std::size_t> maker;
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    for (const auto name : nodes[node].outputs) maker.emplace(name, node);
  }
  std::vector<std::vector<std::size_t>> takers(nodes.size());
  std::vector<std::size_t> wanted(nodes.size());
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    for (const auto name : taken[node]) {
      const auto made = maker.find(name);
      if (made == maker.end()) continue;
      takers[made->second].push_back(node);
      ++wanted[node];
    }
  }
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    if (wanted[node] == 0) ready.push(node);
  }
  std::vector<std::size_t> order;
  while (!ready.empty()) {
    order.push_back(ready.top());
    ready.pop();
    for (const std::size_t taker : takers[order.back()]) {
      if (--wanted[taker] == 0) ready.push(taker);
    }
  }
  if (order.size() == nodes.size()) return order;
  const auto left = std::ranges::find_if(wanted, [](std::size_t count) { return count > 0; });
  const OnnxNode& node = nodes[static_cast<std::size_t>(left - wanted.begin())];
  refuse(text("node ", shown(node.type)), "values that it does not make itself", "a circle");
}

std::string layout_by_operators(const std::vector<OnnxNode>& nodes, std::string_view input) {
  Tracer tracer{nodes, {}, {}};
  tracer.follow(input, "nchw");
  return tracer.found.size() == 1 ? *tracer.found.begin() : "";
}

bool quantises_in_16_bits(const std::vector<OnnxNode>& nodes,
                          const std::map<std::string_view, std::string_view>& weights) {
  static const Names quantising{"QuantizeLinear", "DequantizeLinear"};
  std::map<std::string_view, std::string_view> tensors = weights;
  for (const OnnxNode& node : nodes) {
    if (node.type == "Constant" && !node.outputs.empty()) {
      tensors.emplace(node.outputs.front(), node.tensor);
    }
  }
  return std::ranges::any_of(nodes, [&](const OnnxNode& node) {
    if (!quantising.contains(node.type)) return false;
    const auto zero = node.inputs.size() > 2 ? tensors.find(node.inputs[2]) : tensors.end();
    return is_of_16_bits(node.output_type) ||
           (zero != tensors.end() && is_of_16_bits(type_of(zero->second)));
  });
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
