#include "muxnet/onnx/labels.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include "muxnet/onnx/protobuf.hpp"

namespace muxnet {
namespace {

using namespace protobuf;

constexpr std::size_t most_labels = 65536;
constexpr int most_steps = 32;
// Of an answer that is still what it was.
constexpr std::array<std::string_view, 6> kept = {"Cast",    "Flatten", "Identity",
                                                  "Reshape", "Squeeze", "Unsqueeze"};

// Numbers of the types of TensorProto.
constexpr std::uint64_t i32 = 6, i64 = 7;

template <class Number>
void add_raw(std::string_view bytes, std::vector<std::int64_t>& numbers) {
  for (std::size_t at = 0; at + sizeof(Number) <= bytes.size(); at += sizeof(Number)) {
    if (numbers.size() == most_labels) return;
    Number number = 0;
    std::memcpy(&number, bytes.data() + at, sizeof number);
    numbers.push_back(number);
  }
}

OnnxLabels labels_in(std::string_view tensor) {
  OnnxLabels labels;
  std::uint64_t type = 0;
  std::string_view raw;
  Fields fields(tensor);
  while (const auto field = fields.next()) {
    if (field->counts(2)) type = field->value;
    if (field->holds(6) && labels.names.size() < most_labels)
      labels.names.emplace_back(field->bytes);
    if (field->holds(9)) raw = field->bytes;
    if (field->number != 5 && field->number != 7) continue;
    for_varints(*field, [&](std::uint64_t value) {
      if (labels.numbers.size() < most_labels) {
        labels.numbers.push_back(static_cast<std::int64_t>(value));
      }
    });
  }
  if (type == i32) add_raw<std::int32_t>(raw, labels.numbers);
  if (type == i64) add_raw<std::int64_t>(raw, labels.numbers);
  return labels;
}

template <class Value>
bool all_differ(const std::vector<Value>& values) {
  return std::set<Value>(values.begin(), values.end()).size() == values.size();
}

}  // namespace

OnnxLabels labels_behind(std::string_view name, const std::vector<OnnxNode>& nodes,
                         const std::map<std::string_view, std::string_view>& weights) {
  std::map<std::string_view, const OnnxNode*> makers;
  for (const OnnxNode& node : nodes) {
    for (const auto output : node.outputs) makers.emplace(output, &node);
  }
  for (int step = 0; step < most_steps; ++step) {
    const auto maker = makers.find(name);
    if (maker == makers.end() || maker->second->inputs.empty()) return {};
    const OnnxNode& node = *maker->second;
    name = node.inputs.front();
    if (node.type == "ArrayFeatureExtractor" || node.type == "Gather") break;
    if (std::ranges::find(kept, node.type) == kept.end()) return {};
  }
  const auto held = weights.find(name);
  if (held == weights.end()) return {};
  OnnxLabels labels = labels_in(held->second);
  // What several classes are mapped to is no label of each.
  return all_differ(labels.numbers) && all_differ(labels.names) ? labels : OnnxLabels();
}

}  // namespace muxnet
