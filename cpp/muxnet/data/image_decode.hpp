#pragma once

#include <cstdint>
#include <filesystem>
#include <opencv2/core.hpp>
#include <string>

#include "muxnet/data/image_formats.hpp"

namespace muxnet {

/// The JPEG or PNG file, decoded by libjpeg or libpng. Throws FileError for a file that is no whole
/// image, cannot be decoded, or has more than max_pixels.
DecodedImage decode_image(const std::filesystem::path& path, int channels, std::int64_t max_pixels);

/// The same of a file's content, which messages call `name`.
DecodedImage decode_image(const std::string& bytes, const std::string& name, int channels,
                          std::int64_t max_pixels);

/// Upright, as its camera was not.
cv::Mat turned(const DecodedImage& image);

}  // namespace muxnet
