#pragma once

#include <vector>

namespace muxnet {

/// Mean and standard deviation of each channel; u8 pixels count as value / 255, f32 as they are.
struct Normalization {
  std::vector<float> mean;       ///< of each channel
  std::vector<float> deviation;  ///< of each channel
};

}  // namespace muxnet
