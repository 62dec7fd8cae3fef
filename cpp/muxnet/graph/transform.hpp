#pragma once

#include "muxnet/graph/graph.hpp"
#include "muxnet/graph/mode.hpp"
#include "muxnet/graph/parameters.hpp"

namespace muxnet {

/// The same network with each ReLU drawn into the batch norm or addition before it (`mode` infer:
/// ReLU and ReLU6 into convolutions too, whose kernels keep no mask for backward), where nothing
/// else reads the value between. Names and parameters stay.
Graph fuse_activations(const Graph& graph, Mode mode);

/// The same network with each addition drawn into the later of the two convolutions that it reads,
/// or the only one, where nothing else reads that. For inference only.
Graph fuse_additions(const Graph& graph);

/// The same network with each batch norm that follows a convolution dropped, and that convolution
/// given a bias. For inference only; fold_parameters makes the numbers.
Graph fold_batch_norm(const Graph& graph);

/// The graph that a plan of `graph` runs: all of the above that `mode` allows.
Graph fuse(const Graph& graph, Mode mode);

/// Fills the parameters of fold_batch_norm(graph): weight' = weight * s, bias' =
/// (bias - mean) * s + shift, with s = scale / sqrt(variance + eps) per output channel.
void fold_parameters(const Graph& graph, const Parameters& parameters,
                     Parameters& folded_parameters);

}  // namespace muxnet
