#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "muxnet/core/tensor.hpp"
#include "muxnet/graph/graph.hpp"
#include "muxnet/graph/parameters.hpp"
#include "muxnet/ops/layout.hpp"

namespace muxnet {

/// How far from 0 the activations of an inference reach before int8 cuts them off, by the node of
/// the fused graph that makes them; those of the input by `graph_input`.
using Ranges = std::map<std::string, float>;
constexpr const char* graph_input = "input";

/// The ranges of a network on images f32 (n, c, h, w), run in float: for each value the range with
/// the least mean squared error of 8 bits. Throws std::invalid_argument for no images, others than
/// the graph's, and activations that are not finite.
Ranges measure_ranges(const Graph& graph, const Parameters& parameters, const Tensor& images);

/// For each value of a fused graph in what integers an int8 plan keeps it: u8 where it is never
/// negative, else s8; nothing for those that no operator reads as integers.
std::vector<std::optional<Elements>> int8_elements(const Graph& fused, const Ranges& ranges);

/// Whether an int8 plan computes this node with integers, where a kernel can.
bool computes_int8(const Node& node);

}  // namespace muxnet
