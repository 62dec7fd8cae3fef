#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "muxnet/core/access.hpp"
#include "muxnet/core/normalization.hpp"
#include "muxnet/graph/graph.hpp"
#include "muxnet/graph/mode.hpp"
#include "muxnet/graph/parameters.hpp"
#include "muxnet/graph/quantization.hpp"

namespace muxnet {

/// A network with its weights. Plans keep references to both: neither copied nor moved. What
/// answers with it, or saves it, holds `access` to read, for several threads; training and loading
/// hold it to write, for one.
struct Model {
  /// Weights drawn from `seed`.
  Model(std::string model_name, Graph model_graph, std::uint64_t seed = 0)
      : name(std::move(model_name)),
        graph(std::move(model_graph)),
        parameters(graph, DType::f32, seed) {}
  /// Weights as given.
  Model(std::string model_name, Graph model_graph, Parameters weights)
      : name(std::move(model_name)),
        graph(std::move(model_graph)),
        parameters(std::move(weights)) {}
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  std::string name;  ///< of the network
  Graph graph;       ///< its operators, without weights
  Parameters parameters;
  Normalization normalization;  ///< of the images it was trained on; empty: none
  Ranges ranges;                ///< of activations in int8, in which it answers; empty: in float
  Access access;
};

/// In what the model answers.
inline Precision precision_of(const Model& model) {
  return model.ranges.empty() ? Precision::full : Precision::int8;
}

/// Has the model answer in int8 from now on, with the ranges of its activations on `images`,
/// normalised f32 (n, c, h, w); its weights stay as they are, and it cannot be trained any more.
/// Throws as measure_ranges(), and std::invalid_argument where supports_int8() is false.
void quantize(Model& model, const Tensor& images);

/// The model's; one that knows none sees u8 as value / 255 and f32 as they are.
inline Normalization normalization_of(const Model& model) {
  if (!model.normalization.mean.empty()) return model.normalization;
  const auto channels = static_cast<std::size_t>(model.graph.shape(model.graph.input())[1]);
  return {std::vector<float>(channels, 0.0F), std::vector<float>(channels, 1.0F)};
}

}  // namespace muxnet
