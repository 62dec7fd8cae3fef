#pragma once

#include <string_view>

namespace muxnet {

/// How the camera was held, 1 (upright) to 8, by the first tag 0x0112 of Exif data's first
/// directory; 1 where there is none. Reads what is there and nothing beyond. Source: TIFF 6.0,
/// sections 2 and 8.
int exif_orientation(std::string_view exif);

}  // namespace muxnet
