#include "muxnet/data/transform.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <opencv2/imgproc.hpp>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

template <class Pixel>
constexpr double unit = 1.0;
template <>
constexpr double unit<std::uint8_t> = 1.0 / 255;

struct Moments {
  double mean;
  double variance;
};

/// Integer sums: exact, and quick for a whole training set.
Moments moments_u8(const Tensor& images, std::int64_t channel) {
  const std::int64_t plane = images.dim(2) * images.dim(3);
  constexpr std::int64_t block = 1 << 15;  // 255^2 * 2^15 fits 32 bits
  std::uint64_t sum = 0;
  std::uint64_t squares = 0;
  for (std::int64_t row = 0; row < images.dim(0); ++row) {
    const auto* src = images.data<std::uint8_t>() + (row * images.dim(1) + channel) * plane;
    for (std::int64_t begin = 0; begin < plane; begin += block) {
      std::uint32_t block_sum = 0;
      std::uint32_t block_squares = 0;
      for (std::int64_t i = begin; i < std::min(plane, begin + block); ++i) {
        block_sum += src[i];
        block_squares += std::uint32_t{src[i]} * src[i];
      }
      sum += block_sum;
      squares += block_squares;
    }
  }
  const double count = static_cast<double>(images.dim(0) * plane);
  const double mean = static_cast<double>(sum) / count;
  return {mean, static_cast<double>(squares) / count - mean * mean};
}

Moments moments_f32(const Tensor& images, std::int64_t channel) {
  const std::int64_t plane = images.dim(2) * images.dim(3);
  const auto average = [&](auto&& value) {
    double total = 0;
    for (std::int64_t row = 0; row < images.dim(0); ++row) {
      const float* src = images.data<float>() + (row * images.dim(1) + channel) * plane;
      double sum = 0;
      for (std::int64_t i = 0; i < plane; ++i) sum += value(static_cast<double>(src[i]));
      total += sum;
    }
    return total / static_cast<double>(images.dim(0) * plane);
  };
  const double mean = average([](double x) { return x; });
  return {mean, average([=](double x) { return (x - mean) * (x - mean); })};
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

// Bytes may alias anything, so without __restrict every short row would be checked for overlap.
template <class Pixel>
void map_row(const Pixel* __restrict src, std::int64_t count, float scale, float shift,
             float* __restrict dst) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) dst[i] = static_cast<float>(src[i]) * scale + shift;
}

template <class Pixel>
void map_row_mirrored(const Pixel* __restrict src, std::int64_t count, float scale, float shift,
                      float* __restrict dst) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) {
    dst[i] = static_cast<float>(src[count - 1 - i]) * scale + shift;
  }
}

/// One plane shifted by (top, left): dst(y, x) = map(src(y + top, x + left)), 0 outside.
template <class Pixel>
void map_plane(const Pixel* src, int height, int width, const Draw& draw, float scale, float shift,
               float* dst) {
  if (draw.top == 0 && draw.left == 0 && !draw.flip) {
    return map_row(src, std::int64_t{height} * width, scale, shift, dst);
  }
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
    const bool bytes = dataset.images.dtype() == DType::u8;
    const double pixel_unit = bytes ? unit<std::uint8_t> : unit<float>;
    const auto moments =
        bytes ? moments_u8(dataset.images, channel) : moments_f32(dataset.images, channel);
    const double mean = moments.mean * pixel_unit;
    const double deviation = std::sqrt(std::max(0.0, moments.variance)) * pixel_unit;
    result.mean.push_back(static_cast<float>(mean));
    // Of a constant channel rounding may leave a little.
    const bool constant = deviation <= 1e-6 * std::abs(mean) || deviation < 1e-30;
    result.deviation.push_back(constant ? 1.0f : static_cast<float>(deviation));
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

Tensor with_reversed_channels(const Tensor& images) {
  require(images.shape().size() == 4, "channels", "images (n, c, h, w)", to_string(images.shape()));
  Tensor result(images.shape(), images.dtype());
  const std::int64_t channels = images.dim(1), planes = images.dim(0) * channels;
  if (planes == 0) return result;
  const std::size_t bytes = images.bytes() / static_cast<std::size_t>(planes);
  const auto* src = static_cast<const std::byte*>(images.raw());
  auto* dst = static_cast<std::byte*>(result.raw());
  for (std::int64_t at = 0; at < planes; ++at) {
    const std::int64_t from = at + channels - 1 - 2 * (at % channels);
    std::copy_n(src + static_cast<std::size_t>(from) * bytes, bytes,
                dst + static_cast<std::size_t>(at) * bytes);
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
    const auto positions = 2 * static_cast<std::uint64_t>(augmentation_.crop_padding) + 1;
    result.top = static_cast<int>(random.below(positions)) - augmentation_.crop_padding;
    result.left = static_cast<int>(random.below(positions)) - augmentation_.crop_padding;
  }
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
    for (int y = top; y < bottom; ++y) {
      float* row = plane + std::int64_t{y} * width;
      std::fill(row + left, row + right, 0.0f);
    }
  }
}

}  // namespace muxnet
