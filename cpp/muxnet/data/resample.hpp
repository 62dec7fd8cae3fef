#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "muxnet/data/image_format.hpp"

namespace muxnet {

/// A picture as rows of interleaved channels, u8 or float.
template <class Value>
struct Picture {
  const Value* values = nullptr;
  int height = 0;
  int width = 0;
  int channels = 0;
  std::ptrdiff_t row = 0;  ///< from one row to the next, in values
};

/// A part of a picture that was resized to height x width.
struct Window {
  std::int64_t height = 0, width = 0;
  std::int64_t top = 0, left = 0;
  int rows = 0, columns = 0;
};

/// What a window shows of a resized picture: values (rows, columns, channels). Nothing else of it
/// is computed.
///
/// With antialiasing in u8 as Pillow and so torchvision do it, in fixed point and with rounding
/// between both passes: models trained there see what they are used to. Without, and in float, as
/// PyTorch's interpolate. Throws std::invalid_argument, which calls the picture `name`, for sizes
/// below 1, and for a picture so long and narrow that more than max_pixels and the window's would
/// be held on the way.
template <class Value>
std::vector<Value> resample(std::string_view name, const Picture<Value>& picture,
                            const Window& window, const Interpolation& interpolation,
                            bool antialias, std::int64_t max_pixels);

}  // namespace muxnet
