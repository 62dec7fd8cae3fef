#include <algorithm>
#include <fstream>

#include "fuzz/targets.hpp"
#include "muxnet/runtime/saved_multiplexer.hpp"
#include "support/temporary_folder.hpp"

namespace muxnet::fuzz {
namespace {

/// What a multiplexer's two files hold, the JSON first, a NUL between them.
void read_multiplexer(std::string_view bytes) {
  const auto end = std::min(bytes.find('\0'), bytes.size());
  const testing::TemporaryFolder folder;
  std::ofstream(folder.path() / multiplexer_file) << bytes.substr(0, end);
  std::ofstream(folder.path() / multiplexer_weights_file)
      << bytes.substr(std::min(end + 1, bytes.size()));
  load_multiplexer(folder.path());
}

}  // namespace

void add_runtime(Targets& targets) { targets["multiplexer"] = read_multiplexer; }

}  // namespace muxnet::fuzz
