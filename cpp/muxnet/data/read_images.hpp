#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "muxnet/core/tensor.hpp"
#include "muxnet/data/image_format.hpp"

namespace muxnet {

/// What guards the memory where images are read.
struct ImageLimits {
  std::int64_t max_pixels = 64'000'000;  ///< width * height of one image
};

/// Images that were read, and those that could not be.
struct ReadImages {
  std::vector<Tensor> images;       ///< u8 (n, channels, height, width), one for each format
  std::vector<std::string> errors;  ///< one for each image, empty where it is fine; else its pixels
                                    ///< are 0
};

/// Image files of any format (see image_decode.hpp) as every one of `formats` wants them. Each is
/// decoded once (grey is decoded apart from colour), in parallel; without formats only to see
/// whether it can be. Throws std::invalid_argument for formats that are none.
ReadImages read_images(std::span<const std::filesystem::path> files,
                       std::span<const ImageFormat> formats, const ImageLimits& limits = {});

/// The same of the contents of image files, called "image 0" and so on in errors.
ReadImages decode_images(std::span<const std::string> contents,
                         std::span<const ImageFormat> formats, const ImageLimits& limits = {});

/// Colour images as they are stored, each u8 (3, h, w), upright; otherwise as read_images. Empty
/// where one could not be read.
ReadImages read_stored_images(std::span<const std::filesystem::path> files,
                              const ImageLimits& limits = {});

/// The same of pixels in memory: images u8 or f32 (n, c, h, w) in their own dtype, in parallel.
/// Those of the format's height and width are passed through. One channel is repeated where colour
/// is wanted, RGB becomes grey where that is. Throws std::invalid_argument.
Tensor format_images(const Tensor& images, const ImageFormat& format,
                     const ImageLimits& limits = {});

/// Throws FileError with all that are not empty, and what goes on without those images.
void refuse_unreadable(const std::vector<std::string>& errors);

}  // namespace muxnet
