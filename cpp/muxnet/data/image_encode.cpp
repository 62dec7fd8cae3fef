#include "muxnet/data/image_encode.hpp"

#include "muxnet/core/error.hpp"
#include "muxnet/data/image_formats.hpp"

namespace muxnet {
namespace {

/// Planes to the interleaved BGR that is encoded.
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

/// The file of one image's planes.
std::string encoded(const std::uint8_t* planes, const Shape& shape, const ImagePayload& payload,
                    int quality) {
  const cv::Mat image = interleaved(planes, static_cast<int>(shape[1]), static_cast<int>(shape[2]),
                                    static_cast<int>(shape[3]));
  return payload.name == "jpeg" ? encode_jpeg(image, quality) : encode_png(image);
}

void check(std::string_view where, const Tensor& images, int quality) {
  const Shape& shape = images.shape();
  require(images.dtype() == DType::u8 && shape.size() == 4 && (shape[1] == 1 || shape[1] == 3),
          where, "u8 images (n, 1 or 3, h, w)", text(name_of(images.dtype()), to_string(shape)));
  require(quality >= 1 && quality <= 100, where, "a quality of 1 to 100", text(quality));
}

void add_all(Register<ImagePayload>& payloads) {
  payloads.add({"raw", "pixels as they are", ""});
  payloads.add({"png", "PNG, the same pixels", ".png"});
  payloads.add({"jpeg", "JPEG, of some quality", ".jpg"});
}

}  // namespace

Register<ImagePayload>& image_payloads() {
  static Register<ImagePayload> payloads("image payloads", {add_all});
  return payloads;
}

std::string encode_image(const Tensor& image, const std::string& format, int quality) {
  constexpr auto where = "encode_image";
  check(where, image, quality);
  const ImagePayload& payload = image_payloads().find(format);
  require(!payload.suffix.empty(), where, "a format of files", format);
  require(image.dim(0) == 1, where, "one image", text(image.dim(0)));
  return encoded(image.data<std::uint8_t>(), image.shape(), payload, quality);
}

std::vector<std::int64_t> encoded_bytes(const Tensor& images, const std::string& format,
                                        int quality) {
  constexpr auto where = "encoded_bytes";
  check(where, images, quality);
  const ImagePayload& payload = image_payloads().find(format);
  const Shape& shape = images.shape();
  const std::int64_t size = shape[1] * shape[2] * shape[3];
  std::vector<std::int64_t> result(static_cast<std::size_t>(shape[0]), size);
  if (payload.suffix.empty()) return result;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto* planes = images.data<std::uint8_t>() + static_cast<std::int64_t>(i) * size;
    result[i] = std::ssize(encoded(planes, shape, payload, quality));
  }
  return result;
}

}  // namespace muxnet
