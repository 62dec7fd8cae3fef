#include "muxnet/networks/network.hpp"

#include <stdexcept>
#include <utility>

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

NetworkRegistry make_zoo() {
  NetworkRegistry registry;
  add_alexnet(registry);
  add_mobilenet_v2(registry);
  add_mnasnet(registry);
  add_resnet(registry);
  return registry;
}

}  // namespace

void NetworkRegistry::add(NetworkInfo info, Builder builder) {
  require(entries_.count(info.name) == 0, "NetworkRegistry::add", "a name not used before",
          info.name);
  const std::string name = info.name;
  names_.push_back(name);
  entries_.emplace(name, Entry{std::move(info), std::move(builder)});
}

const NetworkRegistry::Entry& NetworkRegistry::entry(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found != entries_.end()) return found->second;
  std::string known;
  for (const std::string& other : names_) known += (known.empty() ? "" : ", ") + other;
  throw std::out_of_range(error_text("networks", "one of " + known, name));
}

const NetworkInfo& NetworkRegistry::info(const std::string& name) const { return entry(name).info; }

Graph NetworkRegistry::build(const std::string& name, const NetworkOptions& options) const {
  const Entry& found = entry(name);
  check(options);
  return found.builder(options);
}

NetworkRegistry& networks() {
  static NetworkRegistry registry = make_zoo();
  return registry;
}

std::vector<std::string> network_names() { return networks().names(); }

NetworkInfo network_info(const std::string& name) { return networks().info(name); }

Graph build_network(const std::string& name, const NetworkOptions& options) {
  return networks().build(name, options);
}

}  // namespace muxnet
