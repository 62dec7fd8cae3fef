#include "muxnet/policies/registry.hpp"

namespace muxnet {

PolicyRegister& policies() {
  static PolicyRegister all("policies", {MUXNET_POLICIES_ENTRIES});
  return all;
}

std::unique_ptr<Policy> make_policy(std::string_view name, const PolicyOptions& options) {
  return policies().find(name).make(options);
}

std::unique_ptr<Policy> load_policy(const std::filesystem::path& path) {
  return read_policy(path, make_policy);
}

}  // namespace muxnet
