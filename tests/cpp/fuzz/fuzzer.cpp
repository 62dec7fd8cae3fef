// What libFuzzer calls. MUXNET_FUZZ names the target.
#include <cstdint>
#include <cstdlib>
#include <iostream>

#include "fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const char* const name = std::getenv("MUXNET_FUZZ");
  static const auto target = muxnet::fuzz::targets().find(name == nullptr ? "" : name);
  if (target == muxnet::fuzz::targets().end()) {
    std::cerr << "MUXNET_FUZZ has to name a folder of tests/hostile\n";
    std::exit(2);
  }
  muxnet::fuzz::takes(target->second, {reinterpret_cast<const char*>(bytes), size});
  return 0;
}
