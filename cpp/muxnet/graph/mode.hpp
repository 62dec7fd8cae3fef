#pragma once

#include <cstdint>
#include <string_view>

namespace muxnet {

/// What a graph is compiled for.
enum class Mode : std::uint8_t { train, infer };

/// In what a plan keeps activations and multiplies. bf16: as mixed precision elsewhere, operators
/// that can (convolution, batch norm, linear, pooling, ReLU, addition) read and write bf16 and sum
/// in float; all else, parameters and their gradients stay as they are.
enum class Precision : std::uint8_t { full, bf16 };

constexpr std::string_view name_of(Precision precision) {
  return precision == Precision::full ? "full" : "bf16";
}

}  // namespace muxnet
