#pragma once

#include <functional>
#include <string>
#include <string_view>

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

/// With the letters A to Z as small ones, whatever the locale.
inline std::string lower(std::string_view written) {
  std::string result(written);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

/// Without the blanks around it.
inline std::string_view trimmed(std::string_view written) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = written.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return written.substr(first, written.find_last_not_of(blanks) - first + 1);
}

/// The key of a map's entry, for both.
inline constexpr auto key_of = [](const auto& entry) { return entry.first; };

}  // namespace muxnet
