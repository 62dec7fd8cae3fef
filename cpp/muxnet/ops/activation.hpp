#pragma once

#include <cstdint>

#include "muxnet/ops/attributes.hpp"

namespace muxnet {

/// relu(x) = max(x, 0); relu6(x) = min(max(x, 0), 6).
enum class Activation : std::uint8_t { none, relu, relu6 };

/// What a plan has drawn into an operator: attribute "relu" or "relu6" of 1.
inline Activation fused_activation(const Attributes& attributes) {
  if (attributes.integer("relu", 0) != 0) return Activation::relu;
  return attributes.integer("relu6", 0) != 0 ? Activation::relu6 : Activation::none;
}

/// NaN passes: a diverging network must not look healthy.
template <class T>
T activated(Activation activation, T x) {
  if (activation != Activation::none && x < 0) return 0;
  return activation == Activation::relu6 && x > 6 ? T{6} : x;
}

}  // namespace muxnet
