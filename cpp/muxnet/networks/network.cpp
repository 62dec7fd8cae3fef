#include "muxnet/networks/network.hpp"

#include "muxnet/core/error.hpp"
#include "muxnet/networks/families.hpp"

namespace muxnet {
namespace {

void check(const NetworkOptions& options) {
  const bool sizes = options.channels > 0 && options.height > 0 && options.width > 0;
  require(sizes, "build_network", "positive channels, height and width",
          to_string({options.channels, options.height, options.width}));
  require(options.classes > 0, "build_network", "a positive number of classes",
          text(options.classes));
  const double dropout = options.dropout.value_or(0.0);
  require(dropout >= 0.0 && dropout < 1.0, "build_network", "dropout in [0, 1)", text(dropout));
}

}  // namespace

NetworkRegister& networks() {
  static NetworkRegister zoo("networks", {MUXNET_NETWORKS_ENTRIES});
  return zoo;
}

Graph build_network(const std::string& name, const NetworkOptions& options) {
  const NetworkEntry& network = networks().find(name);
  check(options);
  return network.build(options);
}

}  // namespace muxnet
