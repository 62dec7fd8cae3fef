#include "muxnet/data/image_decode.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/data/image_header.hpp"
#include "muxnet/data/resample.hpp"

namespace muxnet {
namespace {

void check_header(const std::string& bytes, const std::string& name, std::int64_t max_pixels) {
  const auto header = read_image_header(bytes);
  if (!header.defect.empty()) {
    throw FileError(error_text(name, "a whole JPEG or PNG image", header.defect));
  }
  // Sides below 2^32 each, so the product fits.
  if (header.width > max_pixels / header.height) {
    throw FileError(error_text(name, text("at most ", max_pixels, " pixels"),
                               text(header.width, " x ", header.height)));
  }
}

/// The longer side cut off, not rounded: torchvision's way.
int scaled(int side, int shorter, int resize) {
  return static_cast<int>(static_cast<std::int64_t>(resize) * side / shorter);
}

/// Half of what is left over, to the even one of two as near: Python's way.
int margin(int side, int crop) { return static_cast<int>(std::nearbyint((side - crop) / 2.0)); }

}  // namespace

cv::Mat decode_image(const std::filesystem::path& path, int channels, std::int64_t max_pixels) {
  return decode_image(read_file(path), path.string(), channels, max_pixels);
}

cv::Mat decode_image(const std::string& bytes, const std::string& name, int channels,
                     std::int64_t max_pixels) {
  check_header(bytes, name, max_pixels);
  const cv::Mat raw(1, static_cast<int>(bytes.size()), CV_8UC1, const_cast<char*>(bytes.data()));
  cv::Mat image;
  try {
    image = cv::imdecode(raw, channels == 1 ? cv::IMREAD_GRAYSCALE : cv::IMREAD_COLOR);
  } catch (const cv::Exception& failure) {
    throw FileError(error_text(name, "a decodable image", failure.err));
  }
  if (image.empty()) {
    throw FileError(error_text(name, "a decodable image", "damaged contents"));
  }
  return image;
}

void throw_first(const std::vector<std::string>& errors) {
  for (const auto& error : errors) {
    if (!error.empty()) throw FileError(error);
  }
}

void copy_square(const cv::Mat& image, int channels, int size, std::uint8_t* dst) {
  const int side = std::min(image.rows, image.cols);
  // Cutting first gives the same square and keeps a 1 x 100000 image from growing on the way.
  const cv::Mat square =
      image(cv::Rect((image.cols - side) / 2, (image.rows - side) / 2, side, side));
  cv::Mat small;
  cv::resize(square, small, {size, size}, 0, 0, side > size ? cv::INTER_AREA : cv::INTER_LINEAR);
  for (int channel = 0; channel < channels; ++channel) {
    cv::Mat plane(size, size, CV_8UC1, dst + std::int64_t{channel} * size * size);
    cv::extractChannel(small, plane, channels - 1 - channel);  // OpenCV decodes to BGR
  }
}

void copy_crop(const cv::Mat& image, const std::string& name, int resize, int crop,
               std::int64_t max_pixels, std::uint8_t* dst) {
  constexpr int channels = 3;
  const int shorter = std::min(image.rows, image.cols);
  const int height = scaled(image.rows, shorter, resize);
  const int width = scaled(image.cols, shorter, resize);
  require(static_cast<std::int64_t>(height) * width <= max_pixels, name,
          text("at most ", max_pixels, " pixels when resized"), text(width, " x ", height));
  const Pixels small = resample(image.data, image.rows, image.cols, channels, height, width);
  const std::ptrdiff_t line = static_cast<std::ptrdiff_t>(width) * channels;
  const std::uint8_t* corner = small.values.data() + margin(height, crop) * line +
                               std::ptrdiff_t{margin(width, crop)} * channels;
  for (int channel = 0; channel < channels; ++channel) {
    for (int y = 0; y < crop; ++y) {
      const std::uint8_t* src =
          corner + y * line + channels - 1 - channel;  // OpenCV decodes to BGR
      for (int x = 0; x < crop; ++x, src += channels) *dst++ = *src;
    }
  }
}

}  // namespace muxnet
