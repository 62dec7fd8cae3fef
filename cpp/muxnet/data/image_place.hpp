#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <string_view>

#include "muxnet/data/image_format.hpp"

namespace muxnet {

/// A picture as a valid format wants it: u8 or f32, BGR or one channel, to planes RGB or one.
/// `Value` is the picture's depth. Throws std::invalid_argument, which calls the picture `name`,
/// for one so narrow that more than max_pixels would be held on the way.
template <class Value>
void place_image(const cv::Mat& picture, const ImageFormat& format, std::string_view name,
                 std::int64_t max_pixels, Value* planes);

}  // namespace muxnet
