#pragma once

#include <cstdint>

#include "muxnet/graph/graph.hpp"

namespace muxnet {

/// Adds the projected embedding of the paper's Eq. 1, e = normalize(h^T g), as output "projected"
/// of shape (batch, dim): a linear map without bias ("projection.weight", (dim, features)) of the
/// output "embedding", divided by its L2 norm. Throws std::invalid_argument when dim < 1,
/// and when the graph has no embedding.
void add_projection(Graph& graph, std::int64_t dim);

}  // namespace muxnet
