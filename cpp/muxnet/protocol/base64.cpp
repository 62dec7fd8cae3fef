#include "muxnet/protocol/base64.hpp"

#include <array>
#include <cstdint>

namespace muxnet {
namespace {

constexpr int blank = -2, padding = -3;  // among the digits of base64

/// What characters are in base64 (RFC 4648), of either alphabet; -1: nothing.
constexpr std::array<int, 256> base64_digits() {
  std::array<int, 256> table{};
  table.fill(-1);
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < digits.size(); ++i) {
    table[static_cast<unsigned char>(digits[i])] = static_cast<int>(i);
  }
  table['-'] = table['+'];
  table['_'] = table['/'];
  for (const unsigned char c : {' ', '\t', '\r', '\n'}) table[c] = blank;
  table['='] = padding;
  return table;
}

}  // namespace

std::optional<std::string> base64_decoded(std::string_view written) {
  static constexpr auto values = base64_digits();
  constexpr std::string_view marker = ";base64,";
  if (written.starts_with("data:")) {
    const auto at = written.substr(0, 256).find(marker);
    if (at != std::string_view::npos) written.remove_prefix(at + marker.size());
  }
  std::string bytes;
  bytes.reserve(written.size() / 4 * 3);
  std::uint32_t bits = 0;
  int count = 0, padded = 0, digits = 0;
  for (const char c : written) {
    const int value = values[static_cast<unsigned char>(c)];
    if (value == blank) continue;
    if (value == padding && ++padded <= 2) continue;
    if (value < 0 || padded > 0) return std::nullopt;
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    digits = (digits + 1) % 4;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> static_cast<unsigned>(count) & 0xFFU);
    }
  }
  const bool whole = digits != 1 && (padded == 0 || digits + padded == 4);
  return whole ? std::optional(bytes) : std::nullopt;
}

}  // namespace muxnet
