#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "muxnet/core/register.hpp"
#include "muxnet/graph/graph.hpp"

namespace muxnet {

/// What a network of the zoo is built for.
struct NetworkOptions {
  std::int64_t channels = 3;
  std::int64_t height = 32;
  std::int64_t width = 32;
  std::int64_t classes = 10;
  std::optional<double> dropout = std::nullopt;  ///< probability; unset: the family's own
};

/// A network of the zoo. What it builds has the outputs "embedding" (batch, features: what the last
/// linear layer sees, before its dropout) and "logits" (batch, classes); parameters are named as
/// torchvision names them.
struct NetworkEntry {
  std::string name;    ///< by which it is chosen
  std::string title;   ///< what it is, for people
  std::string family;  ///< that it is a size of
  std::function<Graph(const NetworkOptions&)> build;
};
using NetworkRegister = Register<NetworkEntry>;

/// The zoo: the paper's six families in full size and cut for small images; within a family,
/// cheapest first.
NetworkRegister& networks();

/// The graph of one. Throws std::invalid_argument for unknown names and options that do not fit.
Graph build_network(const std::string& name, const NetworkOptions& options = {});

}  // namespace muxnet
