#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "muxnet/core/tensor.hpp"
#include "muxnet/graph/graph.hpp"

namespace muxnet {

/// Where one named tensor lies in the flat arrays.
struct ParameterEntry {
  std::string name;  ///< torchvision's name, e.g. "layer1.0.conv1.weight"
  ParameterSpec spec;
  std::int64_t offset = 0;
};

/// Every named tensor of a graph, trainable ones first, each kind in execution order; offsets lie
/// one behind the other.
std::vector<ParameterEntry> parameter_entries(const Graph& graph);

/// All parameters of a graph in one flat array (trainable first, then buffers) and the gradients
/// of the trainable ones in another, so that an optimizer is one pass over memory.
class Parameters {
 public:
  /// Drawn from `seed`, as initialize() does.
  explicit Parameters(const Graph& graph, DType dtype = DType::f32, std::uint64_t seed = 0);
  /// Zeros, for what looks at costs alone.
  static Parameters zeros(const Graph& graph, DType dtype);
  /// Zeros without gradients, to be filled: drawing the numbers and room for gradients would cost
  /// more than the rest of an inference plan.
  static Parameters for_inference(const Graph& graph, DType dtype);

  /// Draws every parameter anew; the same seed gives the same numbers, whatever else the graph has.
  void initialize(std::uint64_t seed);

  const std::vector<ParameterEntry>& entries() const { return entries_; }
  DType dtype() const { return values_.dtype(); }
  std::int64_t trainable_size() const { return trainable_; }

  /// Flat arrays; after writing to values call changed().
  Tensor& values() { return values_; }
  const Tensor& values() const { return values_; }
  Tensor& gradients() { return gradients_; }

  /// Views by name, sharing memory. Throw std::invalid_argument for unknown names (or buffers).
  Tensor value(const std::string& name) const;
  Tensor gradient(const std::string& name) const;

  /// Named tensors, buffers included, as saved in weight files (sharing memory).
  std::map<std::string, Tensor> state() const;
  /// Copies from named tensors; missing, extra or misshapen ones are one error that lists them all.
  void load_state(const std::map<std::string, Tensor>& tensors);

  std::uint64_t version() const { return version_; }
  void changed() { ++version_; }

 private:
  struct Zeros {};
  Parameters(const Graph& graph, DType dtype, Zeros);
  const ParameterEntry& entry(const std::string& name) const;

  std::vector<ParameterEntry> entries_;
  std::int64_t trainable_ = 0;
  Tensor values_;
  Tensor gradients_;
  std::uint64_t version_ = 1;
};

}  // namespace muxnet
