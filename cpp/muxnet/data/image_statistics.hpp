#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "muxnet/core/tensor.hpp"

namespace muxnet {

/// The names of image_statistics(), in their order.
const std::vector<std::string>& image_statistic_names();

/// A dozen features of an image made by hand, f32 (n, 12), for images u8 (of 0 to 255) or f32 (of 0
/// to 1), (n, c, h, w): what may be seen of how hard an image is without learning to look. Of its
/// grey values, the mean of its channels: mean, deviation, skewness, tenth and ninetieth
/// percentile, entropy, length of the gradient, share of pixels where that is large, deviation of
/// the Laplacian, how much brighter the centre is than the border, difference from the mirrored
/// image; and of the channels: how far they are apart. All are finite for finite images. Throws
/// std::invalid_argument for another shape or dtype and for pixels that are not finite.
Tensor image_statistics(const Tensor& images);

}  // namespace muxnet
