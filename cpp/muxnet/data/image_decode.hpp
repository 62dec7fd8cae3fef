#pragma once

#include <cstdint>
#include <filesystem>
#include <opencv2/core.hpp>
#include <string>

namespace muxnet {

/// The JPEG or PNG file as OpenCV decodes it: u8, BGR or grey, turned as its EXIF data say. Throws
/// FileError for a file that is no whole image, cannot be decoded, or has more than max_pixels.
cv::Mat decode_image(const std::filesystem::path& path, int channels, std::int64_t max_pixels);

/// The same of a file's content, which messages call `name`.
cv::Mat decode_image(const std::string& bytes, const std::string& name, int channels,
                     std::int64_t max_pixels);

/// The central square of a decoded image, resized, as planes (channels, size, size).
void copy_square(const cv::Mat& image, int channels, int size, std::uint8_t* dst);

}  // namespace muxnet
