#pragma once

#include <string_view>

namespace muxnet {

/// What stands before Exif data in JPEG, and by some writers elsewhere.
inline constexpr std::string_view exif_name("Exif\0\0", 6);

/// How the camera was held, 1 (upright) to 8, by the first tag 0x0112 of Exif data's first
/// directory, with their name before them or not; 1 where there is none. Reads what is there and
/// nothing beyond. Source: TIFF 6.0, sections 2 and 8.
int exif_orientation(std::string_view exif);

}  // namespace muxnet
