#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "muxnet/core/tensor.hpp"

namespace muxnet {

/// Labelled images in memory. A copy shares the pixels. Threads may use one at once that nobody
/// changes.
struct Dataset {
  std::string name;  ///< for messages and reports
  Tensor images;     ///< u8 (0..255) or finite f32, (n, channels, height, width)
  Tensor labels;     ///< i32 (n), 0 .. classes-1
  std::vector<std::string> class_names;    ///< one a class
  std::vector<std::int64_t> source_index;  ///< position in the original file(s), n of them

  std::int64_t size() const { return images.shape().empty() ? 0 : images.dim(0); }
  bool empty() const { return size() == 0; }
  int classes() const { return static_cast<int>(class_names.size()); }

  /// The rows at `indices`, copied, in that order. Throws std::out_of_range on a row that is not
  /// there.
  Dataset subset(std::span<const std::int64_t> indices) const;

  /// Throws std::invalid_argument unless shapes, dtypes, counts and labels fit each other and every
  /// f32 pixel is finite; the text names the row.
  void validate() const;
};

/// What a data set's own files hold; `held_out` and `test` are empty where they do not say.
struct DatasetParts {
  Dataset train;
  Dataset held_out = {};
  Dataset test = {};
};

/// A data set from arrays, checked and not copied: images (n, h, w) or (n, c, h, w), u8 or f32, or
/// vectors (n, d), which become images of d channels and one pixel; labels i32 (n). Without class
/// names the classes are called "0" .. the greatest label. Throws std::invalid_argument.
Dataset make_dataset(std::string name, const Tensor& images, const Tensor& labels,
                     std::vector<std::string> class_names = {});

/// Whether no element is NaN or infinite.
bool all_finite(std::span<const float> values);

/// Throws std::invalid_argument unless images are as models are shown them: u8, or f32, finite and
/// in [0, 1] but for half a step of a byte, which rounding may leave. What a resizing filter leaves
/// beyond is for its user to clip.
void check_pixels(const Tensor& images, std::string_view where);

}  // namespace muxnet
