#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "muxnet/core/tensor.hpp"

namespace muxnet {

/// How images that come as JPEG or PNG are turned into a network's input.
struct ImageBytesOptions {
  int channels = 3;                      ///< 1 (grey) or 3 (RGB)
  int size = 32;                         ///< height and width; the central square is resized to it
  int resize = 0;                        ///< the shorter side before a square is cut out, in colour
  std::int64_t max_pixels = 16'000'000;  ///< width * height of one image; guards the memory
};

/// Images u8 (n, channels, size, size) from the contents of JPEG or PNG files, decoded in parallel.
/// Throws FileError for the first that is no whole image or has too many pixels,
/// std::invalid_argument for none or options out of range.
Tensor decode_images(const std::vector<std::string>& contents, const ImageBytesOptions& options);

}  // namespace muxnet
