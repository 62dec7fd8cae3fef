#pragma once

#include <cstdint>
#include <filesystem>
#include <opencv2/core.hpp>
#include <string>
#include <utility>
#include <vector>

#include "muxnet/core/tensor.hpp"
#include "muxnet/data/tasks.hpp"

namespace muxnet {

/// The JPEG or PNG file, decoded by libjpeg or libpng: u8, BGR or grey, turned as its EXIF data
/// say. Throws FileError for a file that is no whole image, cannot be decoded, or has more than
/// max_pixels.
cv::Mat decode_image(const std::filesystem::path& path, int channels, std::int64_t max_pixels);

/// The same of a file's content, which messages call `name`.
cv::Mat decode_image(const std::string& bytes, const std::string& name, int channels,
                     std::int64_t max_pixels);

/// Images u8 (count, channels, height, width) that `load(i, planes)` fills in one by one, in
/// parallel. `errors` gets what each that failed threw as Failure, by image, so that the one
/// reported does not depend on which thread was first.
template <class Failure, class Load>
Tensor load_each(std::size_t count, const Shape& image, const Load& load,
                 std::vector<std::string>& errors) {
  Shape shape = image;
  shape.insert(shape.begin(), static_cast<std::int64_t>(count));
  Tensor images(std::move(shape), DType::u8);
  const std::int64_t bytes = volume(image);
  errors.assign(count, "");
  parallel_for(count, [&](std::size_t i) {
    try {
      load(i, images.data<std::uint8_t>() + static_cast<std::int64_t>(i) * bytes);
    } catch (const Failure& failure) {
      errors[i] = failure.what();
    }
  });
  return images;
}

/// Throws FileError with the first that is not empty.
void throw_first(const std::vector<std::string>& errors);

/// The central square of a decoded image, resized, as planes (channels, size, size).
void copy_square(const cv::Mat& image, int channels, int size, std::uint8_t* dst);

/// What ImageNet's networks are shown of a decoded colour image, as RGB planes (3, crop, crop): the
/// shorter side resized (antialiased bilinear), the central square cut out, as torchvision's Resize
/// and CenterCrop do on Pillow images. Throws std::invalid_argument, which calls the image `name`,
/// for one so narrow that it would be resized to more than max_pixels.
void copy_crop(const cv::Mat& image, const std::string& name, int resize, int crop,
               std::int64_t max_pixels, std::uint8_t* dst);

}  // namespace muxnet
