#pragma once

#include <cstdint>
#include <vector>

namespace muxnet {

/// A picture as rows of interleaved channels.
struct Pixels {
  int height = 0;
  int width = 0;
  int channels = 0;
  std::vector<std::uint8_t> values;  ///< (height, width, channels)
};

/// Resizes with a triangle filter that widens as the picture shrinks (bilinear, antialiased), in
/// fixed point and with rounding between both passes, as Pillow and so torchvision do it: models
/// trained there see what they are used to. Throws std::invalid_argument for sizes below 1.
Pixels resample(const std::uint8_t* src, int height, int width, int channels, int new_height,
                int new_width);

}  // namespace muxnet
