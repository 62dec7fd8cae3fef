#include "muxnet/networks/projection.hpp"

#include "muxnet/core/error.hpp"

namespace muxnet {

void add_projection(Graph& graph, std::int64_t dim) {
  require(dim >= 1, "add_projection", "dim of at least 1", text(dim));
  const ValueId linear = graph.add("linear", "projection", {graph.output("embedding")},
                                   {{"features", dim}, {"bias", std::int64_t{0}}});
  graph.set_output("projected", graph.add("l2_norm", "projected", {linear}));
}

}  // namespace muxnet
