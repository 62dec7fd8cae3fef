#include "muxnet/policies/registry.hpp"

namespace muxnet {

PolicyRegister& policies() {
  static PolicyRegister all("policies", {MUXNET_POLICIES_ENTRIES});
  return all;
}

std::vector<std::string> studied_policies() {
  std::vector<std::string> blind, looking;
  for (const PolicyEntry& entry : policies().entries()) {
    if (entry.studied) (entry.make({})->uses_multiplexer() ? looking : blind).push_back(entry.name);
  }
  blind.insert(blind.end(), looking.begin(), looking.end());
  return blind;
}

std::unique_ptr<Policy> make_policy(std::string_view name, const PolicyOptions& options) {
  return policies().find(name).make(options);
}

std::unique_ptr<Policy> load_policy(const std::filesystem::path& path) {
  return read_policy(path, make_policy);
}

}  // namespace muxnet
