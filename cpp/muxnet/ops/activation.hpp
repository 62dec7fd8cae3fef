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

/// Value and, from the value, gradient. NaN passes: a diverging network must not look healthy.
struct ReluFunction {
  static constexpr bool keeps_zero = true;
  template <class T>
  static T value(T x) {
    return x < 0 ? T{0} : x;
  }
  template <class T>
  static T gradient(T y, T g) {
    return y > 0 ? g : T{0};
  }
};

struct Relu6Function {
  static constexpr bool keeps_zero = true;
  template <class T>
  static T value(T x) {
    const T low = x < 0 ? T{0} : x;
    return low > 6 ? T{6} : low;
  }
  template <class T>
  static T gradient(T y, T g) {
    return y > 0 && y < 6 ? g : T{0};
  }
};

template <class T>
T activated(Activation activation, T x) {
  if (activation == Activation::none) return x;
  return activation == Activation::relu ? ReluFunction::value(x) : Relu6Function::value(x);
}

}  // namespace muxnet
