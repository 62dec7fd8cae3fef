#include "muxnet/data/image_bytes.hpp"

#include "muxnet/core/error.hpp"

namespace muxnet {

ImageBytes::ImageBytes(const EncodedImage& image, std::string_view kind)
    : image_(image), kind_(kind) {}

unsigned ImageBytes::u8() { return number(1); }
unsigned ImageBytes::u16() { return number(2); }
std::uint32_t ImageBytes::u24() { return number(3); }
std::uint32_t ImageBytes::u32() { return number(4); }

void ImageBytes::skip(std::size_t count) {
  if (count > image_.bytes.size() - at_) refuse_image(image_, text("a truncated ", kind_));
  at_ += count;
}

void ImageBytes::seek(std::size_t at) {
  at_ = 0;
  skip(at);
}

std::uint32_t ImageBytes::number(int count) {
  const std::size_t begin = at_;
  skip(static_cast<std::size_t>(count));
  std::uint32_t value = 0;
  for (int i = 0; i < count; ++i) {
    const std::size_t next = highest_first_ ? begin + i : at_ - 1 - i;
    value = value << 8U | static_cast<unsigned char>(image_.bytes[next]);
  }
  return value;
}

}  // namespace muxnet
