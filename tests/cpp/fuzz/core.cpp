#include "fuzz/targets.hpp"
#include "muxnet/core/json.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/core/safetensors.hpp"

namespace muxnet::fuzz {

void add_core(Targets& targets) {
  targets["json"] = [](std::string_view bytes) { parse_json(bytes); };
  targets["safetensors"] = [](std::string_view bytes) {
    load_safetensors(MemoryFile(bytes).path());
  };
}

}  // namespace muxnet::fuzz
