#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "muxnet/core/normalization.hpp"
#include "muxnet/graph/graph.hpp"
#include "muxnet/graph/parameters.hpp"

namespace muxnet {

/// A network with its weights. Plans keep references to both: neither copied nor moved.
struct Model {
  /// Weights drawn from `seed`.
  Model(std::string model_name, Graph model_graph, std::uint64_t seed = 0)
      : name(std::move(model_name)),
        graph(std::move(model_graph)),
        parameters(graph, DType::f32, seed) {}
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  std::string name;
  Graph graph;
  Parameters parameters;
  Normalization normalization;  ///< of the images it was trained on; empty: none
};

}  // namespace muxnet
