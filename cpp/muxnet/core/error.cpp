#include "muxnet/core/error.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace muxnet {
namespace {

constexpr std::size_t most_where = 4500;  // a path may have 4096
constexpr std::size_t most_said = 700;

template <class Number, class... Format>
void append_number(std::string& out, Number number, Format... format) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.begin(), digits.end(), number, format...).ptr;
  out.append(digits.begin(), end);
}

}  // namespace

namespace detail {

void append(std::string& out, long long number) { append_number(out, number); }
void append(std::string& out, unsigned long long number) { append_number(out, number); }
void append(std::string& out, double number) {
  append_number(out, number, std::chars_format::general, 6);  // as streams do
}

}  // namespace detail

std::string shortened(std::string_view written, std::size_t most) {
  if (written.size() <= most) return std::string(written);
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(written[at]) & 0xC0U) == 0x80U;
  };
  std::size_t end = most;
  while (end > 0 && continues(end)) --end;
  return text(written.substr(0, end), "... (", written.size(), " bytes)");
}

std::string shown(std::string_view written) {
  constexpr std::size_t most = 200;
  std::string result(written.substr(0, most));
  std::replace_if(
      result.begin(), result.end(), [](char c) { return c < ' ' || c >= 127; }, ' ');
  return result;
}

std::string error_text(std::string_view where, std::string_view expected,
                       std::string_view received) {
  return text('[', shortened(where, most_where), "] expected ", shortened(expected, most_said),
              ", received ", shortened(received, most_said));
}

void refuse(std::string_view where, std::string_view expected, std::string_view received) {
  throw std::invalid_argument(error_text(where, expected, received));
}

}  // namespace muxnet
