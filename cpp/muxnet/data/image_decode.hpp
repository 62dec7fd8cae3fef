#pragma once

#include <cstdint>
#include <filesystem>
#include <opencv2/core.hpp>
#include <string>

#include "muxnet/data/image_formats.hpp"

namespace muxnet {

/// An image file of whatever format its first bytes are of: JPEG (by libjpeg), PNG (libpng), WebP,
/// BMP, TIFF (the first page), GIF (the first frame) or PNM. As 8 bits of RGB or grey in OpenCV's
/// order: of 16 bits the upper eight; palettes as their colours; transparency left out, as Pillow's
/// convert("RGB") does; of cyan, magenta, yellow and black in JPEG what they leave of white light
/// (inverted, as Adobe writes them); colour to grey by 0.299, 0.587, 0.114, of a JPEG its own
/// brightness. Colour profiles are not applied. Throws FileError for a file that is no whole image,
/// cannot be decoded, or has more than max_pixels.
DecodedImage decode_image(const std::filesystem::path& path, int channels, std::int64_t max_pixels);

/// The same of a file's content, which messages call `name`.
DecodedImage decode_image(const std::string& bytes, const std::string& name, int channels,
                          std::int64_t max_pixels);

/// Upright, as its camera was not.
cv::Mat turned(const DecodedImage& image);

}  // namespace muxnet
