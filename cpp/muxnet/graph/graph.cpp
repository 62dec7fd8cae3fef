#include "muxnet/graph/graph.hpp"

#include <algorithm>
#include <iomanip>
#include <numeric>
#include <sstream>
#include <stdexcept>

#include "muxnet/core/names.hpp"

namespace muxnet {
namespace {

void check_attributes(const Operator& op, const std::string& name, const Attributes& attributes) {
  for (const auto& [key, value] : attributes.values()) {
    if (std::find(op.attributes.begin(), op.attributes.end(), key) != op.attributes.end()) continue;
    throw std::invalid_argument(
        error_text(name, text("attributes of ", op.name, " (", joined(op.attributes), ")"), key));
  }
}

}  // namespace

Graph::Graph(Shape input_chw) {
  require(input_chw.size() == 3 && volume(input_chw) > 0, "graph", "an input shape (c, h, w)",
          to_string(input_chw));
  input_chw.insert(input_chw.begin(), 1);
  shapes_.push_back(std::move(input_chw));
}

ValueId Graph::add(const std::string& op, const std::string& name, std::vector<ValueId> src,
                   Attributes attributes) {
  const Operator& definition = find_operator(op);
  require(!name.empty(), "graph.add", "a node name", "an empty one");
  require(std::none_of(nodes_.begin(), nodes_.end(), [&](const Node& n) { return n.name == name; }),
          "graph.add", "a node name not used before", name);
  require_inputs(definition, name, src.size());
  for (const ValueId value : src) {
    require(0 <= value && value < values(), name, text("values below ", values()), text(value));
  }
  check_attributes(definition, name, attributes);
  Node node{op, name, std::move(src), values(), std::move(attributes)};
  try {
    shapes_.push_back(definition.shape(src_shapes(node), node.attributes));
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(text('[', name, "] ", error.what()));
  }
  nodes_.push_back(std::move(node));
  return nodes_.back().dst;
}

void Graph::set_output(const std::string& name, ValueId value) {
  require(0 <= value && value < values(), name, text("values below ", values()), text(value));
  outputs_[name] = value;
}

ValueId Graph::output(const std::string& name) const {
  const auto found = outputs_.find(name);
  if (found != outputs_.end()) return found->second;
  throw std::invalid_argument(error_text("graph.output", one_of(outputs_, key_of), name));
}

std::vector<Shape> Graph::src_shapes(const Node& node) const {
  std::vector<Shape> result;
  for (const ValueId value : node.src) result.push_back(shape(value));
  return result;
}

std::int64_t Graph::macs(const Node& node) const {
  return find_operator(node.op).macs(src_shapes(node), node.attributes);
}

std::int64_t Graph::macs() const {
  return std::accumulate(nodes_.begin(), nodes_.end(), std::int64_t{0},
                         [&](std::int64_t sum, const Node& node) { return sum + macs(node); });
}

std::int64_t Graph::parameter_count(const Node& node) const {
  std::int64_t result = 0;
  for (const auto& spec : find_operator(node.op).parameters(src_shapes(node), node.attributes)) {
    if (spec.trainable) result += volume(spec.shape);
  }
  return result;
}

std::int64_t Graph::parameter_count() const {
  return std::accumulate(
      nodes_.begin(), nodes_.end(), std::int64_t{0},
      [&](std::int64_t sum, const Node& node) { return sum + parameter_count(node); });
}

std::string Graph::summary() const {
  std::size_t width = 8;
  for (const auto& node : nodes_) width = std::max(width, node.name.size());
  std::ostringstream out;
  const auto row = [&](const std::string& name, const std::string& op, const std::string& shape,
                       const auto& parameters, const auto& macs) {
    out << std::left << std::setw(static_cast<int>(width) + 2) << name << std::setw(22) << op
        << std::setw(20) << shape << std::right << std::setw(12) << parameters << std::setw(14)
        << macs << '\n';
  };
  row("node", "operator", "shape", "parameters", "MACs");
  for (const auto& node : nodes_) {
    row(node.name, node.op, to_string(shape(node.dst)), parameter_count(node), macs(node));
  }
  row("total", "", "", parameter_count(), macs());
  return std::move(out).str();
}

std::vector<int> count_readers(const Graph& graph) {
  std::vector<int> readers(static_cast<std::size_t>(graph.values()), 0);
  for (const auto& node : graph.nodes()) {
    for (const ValueId value : node.src) ++readers[static_cast<std::size_t>(value)];
  }
  for (const auto& [name, value] : graph.outputs()) ++readers[static_cast<std::size_t>(value)];
  return readers;
}

}  // namespace muxnet
