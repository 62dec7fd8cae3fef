#include "fuzz/targets.hpp"
#include "muxnet/cost/profile.hpp"

namespace muxnet::fuzz {

void add_cost(Targets& targets) {
  targets["device_profile"] = [](std::string_view bytes) { load_device(MemoryFile(bytes).path()); };
  targets["link_profile"] = [](std::string_view bytes) { load_link(MemoryFile(bytes).path()); };
}

}  // namespace muxnet::fuzz
