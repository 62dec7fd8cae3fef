#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "muxnet/core/tensor.hpp"

namespace muxnet {

/// One image u8 (1, c, h, w), c = 1 or 3, as a "png" file or a "jpeg" file of `quality` (1 to 100).
/// Throws std::invalid_argument on anything else.
std::string encode_image(const Tensor& image, const std::string& format, int quality = 90);

/// Bytes that each image takes when it is sent: "raw" (as it is), "png", or "jpeg" at `quality`
/// (1 to 100). images: u8 (n, c, h, w), c = 1 or 3. Throws std::invalid_argument on anything else.
std::vector<std::int64_t> encoded_bytes(const Tensor& images, const std::string& format,
                                        int quality = 90);

}  // namespace muxnet
