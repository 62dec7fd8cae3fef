#pragma once

#include <cstdint>
#include <vector>

#include "muxnet/core/normalization.hpp"
#include "muxnet/core/random.hpp"
#include "muxnet/data/dataset.hpp"

namespace muxnet {

/// Over all pixels of each channel; a constant channel gets deviation 1. Meant for the training
/// images. Throws as Dataset::validate.
Normalization measure_normalization(const Dataset& dataset);

/// (x - mean) / deviation: u8 or f32 (n, c, h, w) to f32. Throws std::invalid_argument: shape,
/// dtype, channel count, a row that is not finite.
Tensor normalize(const Tensor& images, const Normalization& normalization);

/// The channels of images (n, c, h, w) of any type in reverse order: RGB as BGR.
Tensor with_reversed_channels(const Tensor& images);

/// What a loader does to an image before the network sees it; all off by default.
struct Augmentation {
  int resize = 0;        ///< height and width in pixels; 0: as they are
  int crop_padding = 0;  ///< random shift by up to so many pixels, the border filled with the mean
  bool horizontal_flip = false;  ///< mirrored every other epoch, half of the images in the first
  int erase_size = 0;  ///< side of a square set to the mean, its centre uniform over the image
                       ///< (cutout, arXiv 1708.04552); 0: none
};

/// What varies in one image's augmentation.
struct Draw {
  int top = 0;  ///< shift, -crop_padding .. crop_padding
  int left = 0;
  bool flip = false;
  int erase_row = 0;  ///< centre of the erased square
  int erase_column = 0;
};

/// Resize, crop, flip, normalise, erase, in this order, for images of one shape and dtype.
class Transform {
 public:
  /// Throws std::invalid_argument when the normalisation or the augmentation does not fit.
  Transform(const Dataset& dataset, const Normalization& normalization,
            const Augmentation& augmentation);

  /// (c, h, w) of what apply writes.
  const Shape& output_shape() const { return output_shape_; }

  /// All but the flip, which follows the epoch and is the loader's.
  Draw draw(Random& random) const;

  /// Row `row` of `images` to output_shape() floats at `dst`. Throws std::invalid_argument when an
  /// f32 image is not finite.
  void apply(const Tensor& images, std::int64_t row, const Draw& draw, float* dst) const;

 private:
  template <class Pixel>
  void apply_typed(const Tensor& images, std::int64_t row, const Draw& draw, float* dst) const;
  void erase(const Draw& draw, float* dst) const;

  Augmentation augmentation_;
  Shape image_shape_;
  Shape output_shape_;
  std::vector<float> scale_;
  std::vector<float> shift_;
};

}  // namespace muxnet
