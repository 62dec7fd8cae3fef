#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

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

/// What the registry knows about a network before building it.
struct NetworkInfo {
  std::string name;
  std::string family;
  std::string summary;  ///< one line: depth, width, what it was cut from
};

/// The networks that can be built by name.
class NetworkRegistry {
 public:
  using Builder = std::function<Graph(const NetworkOptions&)>;

  /// Throws std::invalid_argument when `info.name` is taken.
  void add(NetworkInfo info, Builder builder);

  /// Throws std::out_of_range that lists the known names.
  const NetworkInfo& info(const std::string& name) const;

  /// The graph with outputs "embedding" (batch, features: what the last linear layer sees, before
  /// its dropout) and "logits" (batch, classes). Parameters are named as torchvision names them.
  /// Throws std::out_of_range for unknown names, std::invalid_argument for options that do not fit.
  Graph build(const std::string& name, const NetworkOptions& options) const;

  /// In the order of registration: within a family, cheapest first.
  const std::vector<std::string>& names() const { return names_; }

 private:
  struct Entry {
    NetworkInfo info;
    Builder builder;
  };
  const Entry& entry(const std::string& name) const;

  std::vector<std::string> names_;
  std::map<std::string, Entry> entries_;
};

/// The zoo: the paper's six families in full size and cut for small images.
NetworkRegistry& networks();

/// networks().names().
std::vector<std::string> network_names();

/// networks().info(name).
NetworkInfo network_info(const std::string& name);

/// networks().build(name, options).
Graph build_network(const std::string& name, const NetworkOptions& options = {});

}  // namespace muxnet
