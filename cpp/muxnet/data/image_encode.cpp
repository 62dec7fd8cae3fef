#include "muxnet/data/image_encode.hpp"

#include <opencv2/imgcodecs.hpp>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

/// Planes to the interleaved BGR that OpenCV encodes.
cv::Mat interleaved(const std::uint8_t* planes, int channels, int height, int width) {
  cv::Mat image(height, width, channels == 1 ? CV_8UC1 : CV_8UC3);
  const std::ptrdiff_t plane = std::ptrdiff_t{height} * width;
  for (std::ptrdiff_t pixel = 0; pixel < plane; ++pixel) {
    for (int channel = 0; channel < channels; ++channel) {
      image.data[pixel * channels + channels - 1 - channel] = planes[channel * plane + pixel];
    }
  }
  return image;
}

}  // namespace

std::vector<std::int64_t> encoded_bytes(const Tensor& images, const std::string& format,
                                        int quality) {
  constexpr auto where = "encoded_bytes";
  const Shape& shape = images.shape();
  require(images.dtype() == DType::u8 && shape.size() == 4 && (shape[1] == 1 || shape[1] == 3),
          where, "u8 images (n, 1 or 3, h, w)", text(name_of(images.dtype()), to_string(shape)));
  require(format == "raw" || format == "png" || format == "jpeg", where, "raw, png or jpeg",
          format);
  require(quality >= 1 && quality <= 100, where, "a quality of 1 to 100", text(quality));
  const std::int64_t size = shape[1] * shape[2] * shape[3];
  std::vector<std::int64_t> result(static_cast<std::size_t>(shape[0]), size);
  if (format == "raw") return result;
  std::vector<int> settings;
  if (format == "jpeg") settings = {cv::IMWRITE_JPEG_QUALITY, quality};
  std::vector<std::uint8_t> encoded;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto* planes = images.data<std::uint8_t>() + static_cast<std::int64_t>(i) * size;
    const cv::Mat image = interleaved(planes, static_cast<int>(shape[1]),
                                      static_cast<int>(shape[2]), static_cast<int>(shape[3]));
    cv::imencode(format == "png" ? ".png" : ".jpg", image, encoded, settings);
    result[i] = static_cast<std::int64_t>(encoded.size());
  }
  return result;
}

}  // namespace muxnet
