#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "muxnet/core/tensor.hpp"

namespace muxnet {

/// How ImageNet's networks are shown a photograph.
struct ImagePipeline {
  int resize = 256;                      ///< the shorter side, in pixels
  int crop = 224;                        ///< side of the central square
  std::int64_t max_pixels = 64'000'000;  ///< width * height of one file; guards the memory
};

/// RGB images u8 (n, 3, crop, crop) from JPEG or PNG files: decoded, the shorter side resized
/// (antialiased bilinear), the central square cut out, as torchvision's Resize and CenterCrop do on
/// Pillow images. Decoded in parallel. Throws FileError for the first file that is not readable,
/// std::invalid_argument for no files, or a crop above the resized side.
Tensor load_images(std::span<const std::filesystem::path> files,
                   const ImagePipeline& pipeline = {});

}  // namespace muxnet
