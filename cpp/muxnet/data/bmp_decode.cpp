#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <opencv2/core.hpp>

#include "muxnet/core/error.hpp"
#include "muxnet/data/image_bytes.hpp"
#include "muxnet/data/image_formats.hpp"

namespace muxnet {
namespace {

/// A colour's part of a pixel's number; of one wider than eight bits the upper eight are used.
class BmpChannel {
 public:
  BmpChannel() = default;
  explicit BmpChannel(std::uint32_t mask) : mask_(mask) {
    if (mask == 0) return;
    const int width = std::bit_width(mask) - std::countr_zero(mask);
    shift_ = std::bit_width(mask) - std::min(width, 8);
    most_ = mask >> shift_;
  }
  std::uint8_t of(std::uint32_t pixel) const {
    return static_cast<std::uint8_t>((255 * ((pixel & mask_) >> shift_) + most_ / 2) / most_);
  }

 private:
  std::uint32_t mask_ = 0, most_ = 1;
  int shift_ = 0;
};

/// Windows' and OS/2's bitmaps. Source: Microsoft, BITMAPCOREHEADER to BITMAPV5HEADER.
class BmpDecoder {
 public:
  explicit BmpDecoder(const EncodedImage& image) : image_(image), in_(image, "BMP") {}

  DecodedImage decode() {
    read_header();
    check_pixels(image_, width_, height_);
    cv::Mat pixels;
    if (packing_ == eight_packed || packing_ == four_packed) {
      check_packed(image_, width_, height_);
      read_palette();
      pixels = unpacked();
    } else {
      check_rows();
      if (bits_ <= 8) read_palette();
      read_masks();
      pixels = plain();
    }
    if (!from_above_) cv::flip(pixels, pixels, 0);
    return {as_channels(pixels, image_.channels), 1};
  }

 private:
  enum Packing : std::uint32_t { none, eight_packed, four_packed, masks, masks_with_alpha = 6 };
  static constexpr std::size_t headers_at = 14, masks_at = 54;

  void read_header() {
    in_.seek(10);
    begin_ = in_.u32();
    header_bytes_ = in_.u32();
    const bool old = header_bytes_ == 12;
    if (!old && header_bytes_ < 40) refuse_image(image_, "a BMP of another form");
    width_ = side(old);
    height_ = side(old);
    from_above_ = height_ < 0;
    height_ = std::abs(height_);
    in_.skip(2);
    bits_ = in_.u16();
    if (!old) packing_ = in_.u32();
    in_.skip(old ? 0 : 12);
    palette_size_ = old ? 0 : in_.u32();
    if (!known()) refuse_image(image_, text("a BMP of ", bits_, " bits, packed as ", packing_));
  }

  std::int64_t side(bool old) {
    if (old) return in_.u16();
    return static_cast<std::int32_t>(in_.u32());
  }

  bool known() const {
    constexpr std::int64_t plain_bits[] = {1, 2, 4, 8, 16, 24, 32};
    switch (packing_) {
      case none:
        return std::ranges::find(plain_bits, bits_) != std::end(plain_bits);
      case eight_packed:
        return bits_ == 8;
      case four_packed:
        return bits_ == 4;
      case masks:
      case masks_with_alpha:
        return bits_ == 16 || bits_ == 32;
      default:
        return false;
    }
  }

  std::int64_t row_bytes() const { return (width_ * bits_ + 31) / 32 * 4; }

  void check_rows() const {
    const std::int64_t last = (width_ * bits_ + 7) / 8;
    if (begin_ + row_bytes() * (height_ - 1) + last <= std::ssize(image_.bytes)) return;
    refuse_image(image_, "a truncated BMP");
  }

  /// The colours that are told; further ones are black.
  void read_palette() {
    const std::size_t most = std::size_t{1} << bits_;
    const std::size_t told = palette_size_ == 0 ? most : std::min(most, palette_size_);
    in_.seek(headers_at + header_bytes_);
    for (std::size_t i = 0; i < told; ++i) {
      for (int part = 0; part < 3; ++part) {
        palette_[i][part] = static_cast<std::uint8_t>(in_.u8());
      }
      in_.skip(header_bytes_ == 12 ? 0 : 1);
    }
  }

  /// Blue, green and red of a pixel without a palette.
  void read_masks() {
    std::array<std::uint32_t, 3> parts = {0xFF0000, 0xFF00, 0xFF};
    if (bits_ == 16) parts = {0x7C00, 0x3E0, 0x1F};
    if (packing_ != none) {
      in_.seek(masks_at);
      for (auto& part : parts) part = in_.u32();
    }
    for (std::size_t i = 0; i < 3; ++i) channels_[2 - i] = BmpChannel(parts[i]);
  }

  cv::Mat plain() const {
    cv::Mat result(static_cast<int>(height_), static_cast<int>(width_), CV_8UC3);
    for (int y = 0; y < result.rows; ++y) {
      const auto row = image_.bytes.substr(static_cast<std::size_t>(begin_ + y * row_bytes()));
      auto* dst = result.ptr<cv::Vec3b>(y);
      for (std::int64_t x = 0; x < width_; ++x) dst[x] = bits_ <= 8 ? shown(row, x) : mixed(row, x);
    }
    return result;
  }

  /// The colour of the palette that the row's pixel x names.
  cv::Vec3b shown(std::string_view row, std::int64_t x) const {
    const std::int64_t end = (x + 1) * bits_;  // the highest bits of a byte come first
    const auto byte = static_cast<std::uint8_t>(row[static_cast<std::size_t>((end - 1) / 8)]);
    const unsigned index = byte >> (7 - (end - 1) % 8) & ((1U << bits_) - 1);
    return palette_[index];
  }

  /// The colour that the row's pixel x is mixed of.
  cv::Vec3b mixed(std::string_view row, std::int64_t x) const {
    const auto bytes = static_cast<std::size_t>(bits_ / 8);
    std::uint32_t pixel = 0;
    for (std::size_t i = bytes; i-- > 0;) {
      pixel = pixel << 8U | static_cast<std::uint8_t>(row[static_cast<std::size_t>(x) * bytes + i]);
    }
    return {channels_[0].of(pixel), channels_[1].of(pixel), channels_[2].of(pixel)};
  }

  /// Of codes that give runs of one or two indices, indices one by one, or where the next is.
  cv::Mat unpacked() {
    enum : unsigned { row_end, image_end, jump };
    cv::Mat indices = cv::Mat::zeros(static_cast<int>(height_), static_cast<int>(width_), CV_8UC1);
    in_.seek(static_cast<std::size_t>(begin_));
    std::int64_t x = 0, y = 0;
    while (y < height_) {
      const unsigned count = in_.u8(), code = in_.u8();
      if (count > 0) {
        put_run(indices, x, y, count, code);
      } else if (code == row_end) {
        x = 0, ++y;
      } else if (code == image_end) {
        break;
      } else if (code == jump) {
        x += in_.u8(), y += in_.u8();
      } else {
        put_single(indices, x, y, code);
      }
    }
    cv::Mat result(indices.size(), CV_8UC3);
    std::transform(indices.begin<std::uint8_t>(), indices.end<std::uint8_t>(),
                   result.begin<cv::Vec3b>(), [&](std::uint8_t index) { return palette_[index]; });
    return result;
  }

  void put_run(cv::Mat& indices, std::int64_t& x, std::int64_t y, unsigned count, unsigned code) {
    check_run(x, count);
    for (unsigned i = 0; i < count; ++i) {
      const unsigned index = bits_ == 8 ? code : code >> (i % 2 == 0 ? 4 : 0) & 15U;
      put(indices, x++, y, index);
    }
  }

  void put_single(cv::Mat& indices, std::int64_t& x, std::int64_t y, unsigned count) {
    check_run(x, count);
    unsigned byte = 0;
    for (unsigned i = 0; i < count; ++i) {
      if (bits_ == 8 || i % 2 == 0) byte = in_.u8();
      put(indices, x++, y, bits_ == 8 ? byte : byte >> (i % 2 == 0 ? 4 : 0) & 15U);
    }
    const unsigned bytes = bits_ == 8 ? count : (count + 1) / 2;
    in_.skip(bytes % 2);  // to a word's end
  }

  void check_run(std::int64_t x, unsigned count) const {
    if (x + count > width_) refuse_image(image_, "a damaged BMP: a run past its row's end");
  }

  static void put(cv::Mat& indices, std::int64_t x, std::int64_t y, unsigned index) {
    indices.at<std::uint8_t>(static_cast<int>(y), static_cast<int>(x)) =
        static_cast<std::uint8_t>(index);
  }

  const EncodedImage& image_;
  ImageBytes in_;
  std::int64_t begin_ = 0, width_ = 0, height_ = 0, bits_ = 0;
  std::size_t header_bytes_ = 0, palette_size_ = 0;
  std::uint32_t packing_ = none;
  bool from_above_ = false;
  std::array<cv::Vec3b, 256> palette_{};
  std::array<BmpChannel, 3> channels_;
};

}  // namespace

DecodedImage decode_bmp(const EncodedImage& image) { return BmpDecoder(image).decode(); }

}  // namespace muxnet
