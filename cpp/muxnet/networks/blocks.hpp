#pragma once

#include <cstdint>
#include <string>

#include "muxnet/graph/graph.hpp"
#include "muxnet/networks/network.hpp"
#include "muxnet/ops/activation.hpp"

namespace muxnet {

/// A square convolution with "same" padding at stride 1: padding = (kernel - 1) / 2.
struct ConvOptions {
  std::int64_t channels = 0;
  std::int64_t kernel = 3;
  std::int64_t stride = 1;
  std::int64_t groups = 1;
};

/// Names of the three nodes; the activation's is used only where there is one.
struct ConvNames {
  std::string conv;
  std::string norm;
  std::string activation = {};

  /// "PREFIX.0", "PREFIX.1", "PREFIX.2": an nn.Sequential of the three, from index `first` on.
  static ConvNames sequential(const std::string& prefix, int first = 0);
};

/// Convolution without bias, batch norm, activation.
ValueId conv_norm(Graph& graph, ValueId src, const ConvNames& names, const ConvOptions& options,
                  Activation activation);

/// Number of channels of a 4-D value.
std::int64_t channels_of(const Graph& graph, ValueId value);

/// Names of the nodes between the last feature map and the logits.
struct HeadNames {
  std::string pool;
  std::string dropout;  ///< empty: no dropout
  std::string linear;
};

/// Global average pool, dropout, linear; sets the outputs "embedding" and "logits".
void add_head(Graph& graph, ValueId src, const HeadNames& names, double dropout,
              std::int64_t classes);

}  // namespace muxnet
