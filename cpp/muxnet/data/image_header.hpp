#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace muxnet {

/// What a JPEG or PNG says about itself, read without decoding a pixel.
struct ImageHeader {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::string defect;  ///< why it cannot be decoded; empty when it looks whole
};

/// Walks the markers (JPEG) or chunks (PNG) up to the end of the image, so that a truncated
/// file, a PNG with a wrong checksum and one that promises too many pixels are known before a
/// decoder fills in grey or memory. Sources: ITU-T T.81 annex B; ISO/IEC 15948 section 5.
ImageHeader read_image_header(std::string_view bytes);

}  // namespace muxnet
