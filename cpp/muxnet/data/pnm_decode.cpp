#include <algorithm>
#include <cctype>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/data/image_formats.hpp"

namespace muxnet {
namespace {

/// Portable bitmaps, graymaps and pixmaps, P1 to P6. Source: Netpbm's pbm, pgm and ppm manuals.
class PnmDecoder {
 public:
  explicit PnmDecoder(const EncodedImage& image) : image_(image), left_(image.bytes) {}

  DecodedImage decode() {
    const char kind = left_[1];
    left_.remove_prefix(2);
    const bool plain = kind <= '3', bits = kind == '1' || kind == '4';
    channels_ = kind == '3' || kind == '6' ? 3 : 1;
    const std::int64_t width = number(), height = number();
    most_ = bits ? 1 : number();
    check_pixels(image_, width, height);
    if (most_ < 1 || most_ > 65535) refuse_image(image_, "a damaged PNM: its greatest value");
    if (!plain) skip_one();
    const std::int64_t values = width * height * channels_;
    const std::int64_t least = kind == '4'            ? (width + 7) / 8 * height
                               : plain || most_ < 256 ? values
                                                      : 2 * values;
    if (least > std::ssize(left_)) refuse_image(image_, "a truncated PNM");
    cv::Mat pixels(static_cast<int>(height), static_cast<int>(width), CV_8UC(channels_));
    if (kind == '4') {
      unpack_bits(pixels);
    } else {
      std::uint8_t* dst = pixels.ptr();
      for (std::int64_t i = 0; i < values; ++i) {
        *dst++ = scaled(kind == '1' ? 1 - bit() : plain ? number() : sample());
      }
    }
    if (channels_ == 3) cv::cvtColor(pixels, pixels, cv::COLOR_RGB2BGR);
    return {as_channels(pixels, image_.channels), 1};
  }

 private:
  void skip_one() {
    if (left_.empty()) refuse_image(image_, "a truncated PNM");
    left_.remove_prefix(1);
  }

  /// Past white space and comments, which go on to the end of their line.
  void skip_space() {
    bool comment = false;
    while (!left_.empty()) {
      const char at = left_.front();
      if (at == '#') comment = true;
      if (!comment && std::isspace(static_cast<unsigned char>(at)) == 0) return;
      if (at == '\n' || at == '\r') comment = false;
      left_.remove_prefix(1);
    }
    refuse_image(image_, "a truncated PNM");
  }

  std::int64_t number() {
    skip_space();
    std::int64_t value = 0;
    int digits = 0;
    for (; !left_.empty() && std::isdigit(static_cast<unsigned char>(left_.front())) != 0;
         ++digits) {
      value = 10 * value + (left_.front() - '0');
      if (value > 1'000'000'000) refuse_image(image_, "a damaged PNM: a number too large");
      left_.remove_prefix(1);
    }
    if (digits == 0) refuse_image(image_, "a damaged PNM: no number");
    return value;
  }

  std::int64_t bit() {
    skip_space();
    const char at = left_.front();
    if (at != '0' && at != '1') refuse_image(image_, "a damaged PNM: no bit");
    left_.remove_prefix(1);
    return at - '0';
  }

  std::int64_t sample() {
    std::int64_t value = static_cast<unsigned char>(left_.front());
    left_.remove_prefix(1);
    if (most_ < 256) return value;
    value = 256 * value + static_cast<unsigned char>(left_.front());
    left_.remove_prefix(1);
    return value;
  }

  std::uint8_t scaled(std::int64_t value) const {
    return static_cast<std::uint8_t>((255 * std::min(value, most_) + most_ / 2) / most_);
  }

  void unpack_bits(cv::Mat& pixels) {
    const std::size_t row = static_cast<std::size_t>(pixels.cols + 7) / 8;
    for (int y = 0; y < pixels.rows; ++y, left_.remove_prefix(row)) {
      for (int x = 0; x < pixels.cols; ++x) {
        const unsigned byte = static_cast<unsigned char>(left_[static_cast<std::size_t>(x / 8)]);
        pixels.at<std::uint8_t>(y, x) = (byte >> (7 - x % 8) & 1U) != 0 ? 0 : 255;
      }
    }
  }

  const EncodedImage& image_;
  std::string_view left_;
  int channels_ = 1;
  std::int64_t most_ = 1;
};

}  // namespace

DecodedImage decode_pnm(const EncodedImage& image) { return PnmDecoder(image).decode(); }

}  // namespace muxnet
