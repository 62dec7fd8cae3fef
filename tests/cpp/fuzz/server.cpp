#include <algorithm>
#include <fstream>

#include "fuzz/targets.hpp"
#include "muxnet/server/saved_deployment.hpp"
#include "support/temporary_folder.hpp"

namespace muxnet::fuzz {
namespace {

/// What tells of a deployment, a NUL, and its policy's file.
void read_deployment(std::string_view bytes) {
  const auto end = std::min(bytes.find('\0'), bytes.size());
  const testing::TemporaryFolder folder;
  std::ofstream(folder.path() / deployment_file) << bytes.substr(0, end);
  std::ofstream(folder.path() / "policy.json") << bytes.substr(std::min(end + 1, bytes.size()));
  deployment_of(*load_deployment(folder.path()), true);
}

}  // namespace

void add_server(Targets& targets) { targets["deployment"] = read_deployment; }

}  // namespace muxnet::fuzz
