#include "muxnet/ops/quantization.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "muxnet/core/error.hpp"
#include "muxnet/ops/layout.hpp"

namespace muxnet {
namespace {

/// Smaller ones would make scales that are no normal numbers.
constexpr float least_magnitude = 1e-30F;

float scale_of(std::span<const float> channel) {
  float magnitude = 0;
  for (const float weight : channel) {
    if (!std::isfinite(weight)) {
      throw std::invalid_argument(error_text("int8", "finite weights", text(weight)));
    }
    magnitude = std::max(magnitude, std::abs(weight));
  }
  return magnitude < least_magnitude ? 1.0F : magnitude / greatest(DType::s8);
}

}  // namespace

QuantizedWeights quantize_weights(std::span<const float> weights, std::int64_t channels) {
  const std::size_t taps = weights.size() / static_cast<std::size_t>(channels);
  QuantizedWeights result;
  result.values.reserve(weights.size());
  for (std::size_t begin = 0; begin < weights.size(); begin += taps) {
    const auto channel = weights.subspan(begin, taps);
    const float scale = result.scales.emplace_back(scale_of(channel));
    for (const float weight : channel) {
      result.values.push_back(quantized<std::int8_t>(weight, scale));
    }
  }
  return result;
}

}  // namespace muxnet
