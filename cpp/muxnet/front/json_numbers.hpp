#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>

namespace muxnet {

/// The shortest text that is read as the same number of its type; null for one that JSON cannot
/// have.
template <class Number>
void append_number(std::string& out, Number number) {
  char digits[32];
  if constexpr (std::is_floating_point_v<Number>) {
    if (!std::isfinite(number)) {
      out += "null";
      return;
    }
  }
  const auto end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
  out.append(digits, end);
  if constexpr (std::is_floating_point_v<Number>) {
    const bool whole = std::string_view(digits, end).find_first_of(".e") == std::string_view::npos;
    if (whole) out += ".0";
  }
}

/// "[...]", whose elements `append` adds.
template <class Append>
std::string json_list(std::size_t count, const Append& append) {
  std::string out = "[";
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) out += ',';
    append(i, out);
  }
  return out += ']';
}

}  // namespace muxnet
