#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace muxnet {

/// A number of 16 bits, 5 of exponent and 10 of fraction (IEEE 754 binary16), as a float.
inline float from_half(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16U;
  const int exponent = (bits >> 10U) & 0x1F;
  const std::uint32_t fraction = bits & 0x3FFU;
  if (exponent == 0) {  // zero, and what is below the smallest normal number
    const float size = std::ldexp(static_cast<float>(fraction), -24);
    return sign != 0 ? -size : size;
  }
  const std::uint32_t wider = exponent == 31 ? 0xFFU : static_cast<std::uint32_t>(exponent + 112);
  return std::bit_cast<float>(sign | wider << 23U | fraction << 13U);
}

/// The nearest such number, ties to even; what is too large becomes infinity, NaN stays NaN.
inline std::uint16_t to_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((bits >> 16U) & 0x8000U);
  const std::uint32_t size = bits & 0x7FFFFFFFU;
  if (size > 0x7F800000U) return sign | 0x7E00U;  // NaN
  if (size >= 0x477FF000U) return sign | 0x7C00U;
  if (size < 0x38800000U) {  // below the smallest normal number: a multiple of 2^-24
    const float steps = std::nearbyint(std::ldexp(std::bit_cast<float>(size), 24));
    return sign | static_cast<std::uint16_t>(steps);
  }
  const std::uint32_t rounded = size + 0xFFFU + ((size >> 13U) & 1U);
  return sign | static_cast<std::uint16_t>((rounded - 0x38000000U) >> 13U);
}

}  // namespace muxnet
