#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

namespace muxnet {

/// The upper half of a float: 8 bits of exponent, 7 of fraction. For storage; arithmetic happens in
/// float.
struct bfloat16 {
  std::uint16_t bits = 0;

  bfloat16() = default;
  explicit bfloat16(float value) : bits(rounded(value)) {}
  /// Apart from construction, as compilers vectorise no loop that copies a struct.
  bfloat16& operator=(float value) {
    bits = rounded(value);
    return *this;
  }
  explicit operator float() const {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }
  /// Of bits: zeros of both signs differ, equal NaN do not.
  bool operator==(const bfloat16&) const = default;

 private:
  /// To nearest, ties to even; NaN stays NaN.
  static std::uint16_t rounded(float value) {
    const auto whole = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t nearest = (whole + 0x7FFFU + ((whole >> 16) & 1U)) >> 16;
    const std::uint32_t quiet = (whole >> 16) | 0x40U;
    return static_cast<std::uint16_t>(value == value ? nearest : quiet);
  }
};

/// What elements of T are computed in.
template <class T>
using Compute = std::conditional_t<std::is_same_v<T, bfloat16>, float, T>;

}  // namespace muxnet
