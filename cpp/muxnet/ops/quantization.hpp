#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace muxnet {

/// Weights in int8, symmetric about 0: weight = scale of its output channel * value.
struct QuantizedWeights {
  std::vector<std::int8_t> values;
  std::vector<float> scales;  ///< greatest magnitude of the channel / 127; 1 where all are 0
};

/// Weights f32 (channels, ...) in int8. Throws std::invalid_argument for such as are not finite.
QuantizedWeights quantize_weights(std::span<const float> weights, std::int64_t channels);

}  // namespace muxnet
