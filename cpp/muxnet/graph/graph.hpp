#pragma once

#include <map>
#include <string>
#include <vector>

#include "muxnet/core/tensor.hpp"
#include "muxnet/ops/attributes.hpp"
#include "muxnet/ops/operator.hpp"

namespace muxnet {

using ValueId = int;

/// One application of an operator. Its parameters are called NAME.weight, NAME.bias, ...
struct Node {
  std::string op;
  std::string name;
  std::vector<ValueId> src;
  ValueId dst = 0;
  Attributes attributes;
};

/// A network as data: nodes in execution order, each making one value. Shapes are those of a
/// batch of one; every operator keeps the first axis as the batch.
class Graph {
 public:
  /// A graph with one input of shape (channels, height, width).
  explicit Graph(Shape input_chw);

  ValueId input() const { return 0; }

  /// Appends a node and returns its value. Throws std::invalid_argument for unknown operators or
  /// attributes, values that do not exist, shapes that do not fit, a name used before.
  ValueId add(const std::string& op, const std::string& name, std::vector<ValueId> src,
              Attributes attributes = {});

  /// Names a value as an output ("logits", "embedding", ...).
  void set_output(const std::string& name, ValueId value);
  /// Throws std::invalid_argument that lists the outputs.
  ValueId output(const std::string& name) const;

  const std::vector<Node>& nodes() const { return nodes_; }
  const std::map<std::string, ValueId>& outputs() const { return outputs_; }
  int values() const { return static_cast<int>(shapes_.size()); }
  const Shape& shape(ValueId value) const { return shapes_.at(static_cast<std::size_t>(value)); }
  std::vector<Shape> src_shapes(const Node& node) const;

  /// Multiply-accumulates for one input.
  std::int64_t macs() const;
  std::int64_t macs(const Node& node) const;
  /// Trainable parameters (buffers such as running statistics not counted, as torchvision counts).
  std::int64_t parameter_count() const;
  std::int64_t parameter_count(const Node& node) const;

  /// Table of nodes with shapes, parameters and MACs.
  std::string summary() const;

 private:
  std::vector<Node> nodes_;
  std::vector<Shape> shapes_;
  std::map<std::string, ValueId> outputs_;
};

/// (values): how often each value is read, outputs of the graph included.
std::vector<int> count_readers(const Graph& graph);

}  // namespace muxnet
