#pragma once

#include <cstdint>
#include <filesystem>
#include <opencv2/core.hpp>

namespace muxnet {

/// The JPEG or PNG file as OpenCV decodes it: u8, BGR or grey, turned as its EXIF data say. Throws
/// FileError for a file that is no whole image, cannot be decoded, or has more than max_pixels.
cv::Mat decode_image(const std::filesystem::path& path, int channels, std::int64_t max_pixels);

}  // namespace muxnet
