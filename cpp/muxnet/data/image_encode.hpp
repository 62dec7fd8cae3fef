#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "muxnet/core/register.hpp"
#include "muxnet/core/tensor.hpp"

namespace muxnet {

/// As what an image is sent.
struct ImagePayload {
  std::string name;    ///< by which it is chosen
  std::string title;   ///< what it is, for people
  std::string suffix;  ///< of such a file; empty: pixels as they are
};

/// "raw", "png", "jpeg".
Register<ImagePayload>& image_payloads();

/// One image u8 (1, c, h, w), c = 1 or 3, as a file of a payload that is one, a "jpeg" of `quality`
/// (1 to 100). Throws std::invalid_argument on anything else.
std::string encode_image(const Tensor& image, const std::string& format, int quality = 90);

/// Bytes that each image takes when it is sent as one of image_payloads(), "jpeg" at `quality`
/// (1 to 100). images: u8 (n, c, h, w), c = 1 or 3. Throws std::invalid_argument on anything else.
std::vector<std::int64_t> encoded_bytes(const Tensor& images, const std::string& format,
                                        int quality = 90);

}  // namespace muxnet
