#pragma once

#include <functional>
#include <string>

#include "muxnet/core/error.hpp"

namespace muxnet {

/// "a, b, c", of what `name` makes of each item; "none" of nothing.
template <class Items, class Name = std::identity>
std::string joined(const Items& items, const Name& name = {}) {
  std::string result;
  for (const auto& item : items) result += text(result.empty() ? "" : ", ", name(item));
  return result.empty() ? "none" : result;
}

/// "one of a, b, c": what an unknown name might have been.
template <class Items, class Name = std::identity>
std::string one_of(const Items& items, const Name& name = {}) {
  return "one of " + joined(items, name);
}

/// The key of a map's entry, for both.
inline constexpr auto key_of = [](const auto& entry) { return entry.first; };

}  // namespace muxnet
