#include "muxnet/data/transform.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

template <class Pixel>
constexpr double unit = 1.0;
template <>
constexpr double unit<std::uint8_t> = 1.0 / 255;

template <class Pixel>
void measure_channel(const Tensor& images, std::int64_t channel, Normalization& result) {
  const std::int64_t plane = images.dim(2) * images.dim(3);
  const std::int64_t count = images.dim(0) * plane;
  const auto over_planes = [&](auto&& value) {
    double total = 0;
    for (std::int64_t row = 0; row < images.dim(0); ++row) {
      const Pixel* src = images.data<Pixel>() + (row * images.dim(1) + channel) * plane;
      double sum = 0;
      for (std::int64_t i = 0; i < plane; ++i) sum += value(src[i] * unit<Pixel>);
      total += sum;
    }
    return total / static_cast<double>(count);
  };
  const double mean = over_planes([](double x) { return x; });
  const double variance = over_planes([=](double x) { return (x - mean) * (x - mean); });
  result.mean.push_back(static_cast<float>(mean));
  // Rounding alone leaves 1e-16 of a constant channel.
  const double deviation = std::sqrt(variance);
  result.deviation.push_back(deviation > 1e-7 ? static_cast<float>(deviation) : 1.0f);
}

/// The affine map of each channel, x * scale + shift.
void make_affine(const Normalization& normalization, const Tensor& images,
                 std::vector<float>& scale, std::vector<float>& shift) {
  const auto channels = static_cast<std::size_t>(images.dim(1));
  require(normalization.mean.size() == channels && normalization.deviation.size() == channels,
          "normalization", text("a mean and a deviation for each of ", channels, " channels"),
          text(normalization.mean.size(), " and ", normalization.deviation.size()));
  const double pixel_unit = images.dtype() == DType::u8 ? unit<std::uint8_t> : unit<float>;
  for (std::size_t i = 0; i < channels; ++i) {
    const double deviation = normalization.deviation[i];
    require(std::isfinite(normalization.mean[i]) && std::isfinite(deviation) && deviation > 0,
            "normalization", "finite means and deviations above 0",
            text(normalization.mean[i], " and ", deviation));
    scale.push_back(static_cast<float>(pixel_unit / deviation));
    shift.push_back(static_cast<float>(-normalization.mean[i] / deviation));
  }
}

template <class Pixel>
void map_row(const Pixel* src, std::int64_t count, float scale, float shift, float* dst) {
  for (std::int64_t i = 0; i < count; ++i) dst[i] = static_cast<float>(src[i]) * scale + shift;
}

template <class Pixel>
void map_row_mirrored(const Pixel* src, std::int64_t count, float scale, float shift, float* dst) {
  for (std::int64_t i = 0; i < count; ++i) {
    dst[i] = static_cast<float>(src[count - 1 - i]) * scale + shift;
  }
}

/// One plane shifted by (top, left): dst(y, x) = map(src(y + top, x + left)), 0 outside.
template <class Pixel>
void map_plane(const Pixel* src, int height, int width, const Draw& draw, float scale, float shift,
               float* dst) {
  const int first = std::max(0, -draw.left);
  const int last = std::max(first, std::min(width, width - draw.left));
  for (int y = 0; y < height; ++y, dst += width) {
    const int from = y + draw.top;
    if (from < 0 || from >= height || first >= width) {
      std::fill(dst, dst + width, 0.0f);
      continue;
    }
    const Pixel* row = src + static_cast<std::ptrdiff_t>(from) * width + first + draw.left;
    const int count = last - first;
    const int start = draw.flip ? width - last : first;
    std::fill(dst, dst + start, 0.0f);
    if (draw.flip) {
      map_row_mirrored(row, count, scale, shift, dst + start);
    } else {
      map_row(row, count, scale, shift, dst + start);
    }
    std::fill(dst + start + count, dst + width, 0.0f);
  }
}

template <class Pixel>
void resize_plane(const Pixel* src, int height, int width, int size, std::vector<Pixel>& dst) {
  constexpr int type = sizeof(Pixel) == 1 ? CV_8UC1 : CV_32FC1;
  dst.resize(static_cast<std::size_t>(size) * static_cast<std::size_t>(size));
  const cv::Mat from(height, width, type, const_cast<Pixel*>(src));
  cv::Mat to(size, size, type, dst.data());
  const bool shrinks = size < std::min(height, width);
  cv::resize(from, to, {size, size}, 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
}

}  // namespace

Normalization measure_normalization(const Dataset& dataset) {
  dataset.validate();
  Normalization result;
  for (std::int64_t channel = 0; channel < dataset.images.dim(1); ++channel) {
    if (dataset.images.dtype() == DType::u8) {
      measure_channel<std::uint8_t>(dataset.images, channel, result);
    } else {
      measure_channel<float>(dataset.images, channel, result);
    }
  }
  return result;
}

Tensor normalize(const Tensor& images, const Normalization& normalization) {
  require(images.shape().size() == 4, "normalize", "images (n, c, h, w)",
          to_string(images.shape()));
  Dataset view;
  view.images = images;
  const Transform transform(view, normalization, {});
  Tensor result(images.shape());
  const auto stride = images.dim(0) == 0 ? 0 : images.size() / images.dim(0);
  for (std::int64_t row = 0; row < images.dim(0); ++row) {
    transform.apply(images, row, {}, result.data<float>() + row * stride);
  }
  return result;
}

Transform::Transform(const Dataset& dataset, const Normalization& normalization,
                     const Augmentation& augmentation)
    : augmentation_(augmentation) {
  const auto& shape = dataset.images.shape();
  require(shape.size() == 4, "transform", "images (n, c, h, w)", to_string(shape));
  require(dataset.images.dtype() == DType::u8 || dataset.images.dtype() == DType::f32, "transform",
          "u8 or f32 images", name_of(dataset.images.dtype()));
  constexpr int limit = 1 << 14;
  for (const auto& [name, value] : {std::pair{"resize", augmentation.resize},
                                    std::pair{"crop_padding", augmentation.crop_padding},
                                    std::pair{"erase_size", augmentation.erase_size}}) {
    require(value >= 0 && value <= limit, text("augmentation, ", name),
            text("0 .. ", limit, " pixels"), text(value));
  }
  image_shape_ = output_shape_ = Shape(shape.begin() + 1, shape.end());
  if (augmentation.resize > 0) output_shape_[1] = output_shape_[2] = augmentation.resize;
  require(augmentation.crop_padding < std::min(output_shape_[1], output_shape_[2]),
          "augmentation, crop_padding", text("less than the images ", to_string(output_shape_)),
          text(augmentation.crop_padding));
  make_affine(normalization, dataset.images, scale_, shift_);
}

Draw Transform::draw(Random& random) const {
  Draw result;
  if (augmentation_.crop_padding > 0) {
    const auto positions = static_cast<std::uint64_t>(2 * augmentation_.crop_padding + 1);
    result.top = static_cast<int>(random.below(positions)) - augmentation_.crop_padding;
    result.left = static_cast<int>(random.below(positions)) - augmentation_.crop_padding;
  }
  if (augmentation_.horizontal_flip) result.flip = random.below(2) == 1;
  if (augmentation_.erase_size > 0) {
    result.erase_row = static_cast<int>(random.below(static_cast<std::uint64_t>(output_shape_[1])));
    result.erase_column =
        static_cast<int>(random.below(static_cast<std::uint64_t>(output_shape_[2])));
  }
  return result;
}

void Transform::apply(const Tensor& images, std::int64_t row, const Draw& draw, float* dst) const {
  if (images.dtype() == DType::u8) {
    apply_typed<std::uint8_t>(images, row, draw, dst);
  } else {
    apply_typed<float>(images, row, draw, dst);
  }
}

template <class Pixel>
void Transform::apply_typed(const Tensor& images, std::int64_t row, const Draw& draw,
                            float* dst) const {
  const std::int64_t plane = image_shape_[1] * image_shape_[2];
  const std::int64_t count = image_shape_[0] * plane;
  const Pixel* src = images.data<Pixel>() + row * count;
  if constexpr (std::is_same_v<Pixel, float>) {
    require(all_finite({src, static_cast<std::size_t>(count)}), text("images, row ", row),
            "finite pixels", "NaN or infinity");
  }
  const int height = static_cast<int>(output_shape_[1]);
  const int width = static_cast<int>(output_shape_[2]);
  const bool resized = output_shape_ != image_shape_;
  std::vector<Pixel> scratch;
  for (std::size_t channel = 0; channel < scale_.size(); ++channel) {
    const Pixel* from = src + static_cast<std::int64_t>(channel) * plane;
    if (resized) {
      resize_plane(from, static_cast<int>(image_shape_[1]), static_cast<int>(image_shape_[2]),
                   width, scratch);
      from = scratch.data();
    }
    map_plane(from, height, width, draw, scale_[channel], shift_[channel],
              dst + static_cast<std::int64_t>(channel) * height * width);
  }
  if (augmentation_.erase_size > 0) erase(draw, dst);
}

void Transform::erase(const Draw& draw, float* dst) const {
  const int size = augmentation_.erase_size;
  const int height = static_cast<int>(output_shape_[1]);
  const int width = static_cast<int>(output_shape_[2]);
  const int top = std::max(0, draw.erase_row - size / 2);
  const int bottom = std::min(height, draw.erase_row - size / 2 + size);
  const int left = std::max(0, draw.erase_column - size / 2);
  const int right = std::min(width, draw.erase_column - size / 2 + size);
  for (std::int64_t channel = 0; channel < output_shape_[0]; ++channel) {
    float* plane = dst + channel * height * width;
    for (int y = top; y < bottom; ++y)
      std::fill(plane + y * width + left, plane + y * width + right, 0.0f);
  }
}

}  // namespace muxnet
