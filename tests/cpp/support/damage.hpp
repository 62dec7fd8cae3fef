#pragma once

#include <algorithm>
#include <string>

#include "muxnet/core/random.hpp"

namespace muxnet::testing {

/// Bytes of which 1 to 4 are others; half the time they are among the first `head`.
inline std::string damaged(std::string bytes, Random& random,
                           std::size_t head = std::string::npos) {
  for (auto changes = 1 + random.below(4); changes > 0; --changes) {
    const auto range = random.below(2) == 0 ? std::min(bytes.size(), head) : bytes.size();
    bytes[random.below(range)] = static_cast<char>(random.below(256));
  }
  return bytes;
}

/// The same, a quarter of the time cut off anywhere.
inline std::string damaged_or_cut(const std::string& bytes, Random& random) {
  std::string result = damaged(bytes, random);
  if (random.below(4) == 0) result.resize(random.below(result.size() + 1));
  return result;
}

}  // namespace muxnet::testing
