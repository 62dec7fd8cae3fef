#pragma once

#include <cstdint>
#include <string_view>

namespace muxnet {

/// What a graph is compiled for.
enum class Mode : std::uint8_t { train, infer };

/// In what a plan keeps activations and multiplies. bf16: as mixed precision elsewhere, operators
/// that can (convolution, batch norm, linear, pooling, ReLU, addition) read and write bf16 and sum
/// in float; all else, parameters and their gradients stay as they are. int8, for inference alone:
/// convolutions and linear layers multiply integers of 8 bits, sum in 32, and hand 8 bits on to
/// each other and through max pooling; all else is in float.
enum class Precision : std::uint8_t { full, bf16, int8 };

constexpr std::string_view name_of(Precision precision) {
  if (precision == Precision::bf16) return "bf16";
  return precision == Precision::int8 ? "int8" : "full";
}

}  // namespace muxnet
