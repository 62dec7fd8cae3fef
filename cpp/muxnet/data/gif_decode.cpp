#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/data/image_bytes.hpp"
#include "muxnet/data/image_formats.hpp"

namespace muxnet {
namespace {

constexpr int most_codes = 4096;

struct Frame {
  std::int64_t left = 0, top = 0, width = 0, height = 0;
  bool interlaced = false;
};

/// The first frame of a GIF. Source: GIF89a specification (CompuServe, 1990).
class GifDecoder {
 public:
  explicit GifDecoder(const EncodedImage& image) : image_(image), in_(image, "GIF") {}

  DecodedImage decode() {
    in_.skip(6);  // the signature
    width_ = in_.u16();
    height_ = in_.u16();
    const unsigned flags = in_.u8();
    in_.skip(2);  // background and aspect
    if ((flags & 0x80U) != 0) read_palette(flags);
    int transparent = 0;
    for (unsigned kind = in_.u8(); kind != 0x2C; kind = in_.u8()) {
      if (kind != 0x21) refuse_image(image_, "a damaged GIF: no frame");
      read_extension(transparent);
    }
    const Frame frame = read_frame();
    // As the frame's own size is what some writers mean.
    width_ = std::max(width_, frame.left + frame.width);
    height_ = std::max(height_, frame.top + frame.height);
    check_pixels(image_, width_, height_);
    check_packed(image_, width_, height_);
    check_pixels(image_, frame.width, frame.height);
    if (palette_.empty()) refuse_image(image_, "a GIF without colours");
    cv::Mat indices(static_cast<int>(height_), static_cast<int>(width_), CV_8UC1,
                    cv::Scalar(transparent));
    unpack(frame, indices);
    return {coloured(indices), 1};
  }

 private:
  void read_palette(unsigned flags) {
    palette_.assign(std::size_t{2} << (flags & 7U), {});
    for (auto& colour : palette_) {
      for (auto& part : colour) part = static_cast<std::uint8_t>(in_.u8());
    }
  }

  void read_extension(int& transparent) {
    constexpr unsigned graphic_control = 0xF9;
    const unsigned label = in_.u8();
    for (unsigned size = in_.u8(); size > 0; size = in_.u8()) {
      if (label == graphic_control && size == 4) {
        const unsigned flags = in_.u8();
        in_.skip(2);
        const unsigned index = in_.u8();
        if ((flags & 1U) != 0) transparent = static_cast<int>(index);
      } else {
        in_.skip(size);
      }
    }
  }

  Frame read_frame() {
    Frame frame;
    frame.left = in_.u16();
    frame.top = in_.u16();
    frame.width = in_.u16();
    frame.height = in_.u16();
    const unsigned flags = in_.u8();
    frame.interlaced = (flags & 0x40U) != 0;
    if ((flags & 0x80U) != 0) read_palette(flags);
    return frame;
  }

  /// The next `bits` of the frame's blocks, the lowest first.
  unsigned code(unsigned bits) {
    while (held_bits_ < bits) {
      if (block_left_ == 0) block_left_ = in_.u8();
      if (block_left_ == 0) refuse_image(image_, "a truncated GIF");
      --block_left_;
      held_ |= in_.u8() << held_bits_;
      held_bits_ += 8;
    }
    const unsigned result = held_ & ((1U << bits) - 1);
    held_ >>= bits;
    held_bits_ -= bits;
    return result;
  }

  /// Lempel, Ziv and Welch's codes to pixels.
  void unpack(const Frame& frame, cv::Mat& indices) {
    const unsigned least_bits = in_.u8();
    if (least_bits < 1 || least_bits > 8) refuse_image(image_, "a damaged GIF: its code size");
    const unsigned clear = 1U << least_bits, end = clear + 1;
    unsigned bits = least_bits + 1, next = end + 1, previous = clear;
    std::array<std::uint16_t, most_codes> before{};
    std::array<std::uint8_t, most_codes> last{};
    std::array<std::uint8_t, most_codes + 1> text{};
    for (unsigned i = 0; i < clear; ++i) last[i] = static_cast<std::uint8_t>(i);
    std::uint8_t first = 0;
    std::int64_t at = 0;
    const std::int64_t size = frame.width * frame.height;
    while (at < size) {
      const unsigned now = code(bits);
      if (now == end) refuse_image(image_, "a truncated GIF");
      if (now == clear) {
        bits = least_bits + 1, next = end + 1, previous = clear;
        continue;
      }
      if (now > next || (now == next && previous == clear) || (now >= clear && previous == clear)) {
        refuse_image(image_, "a damaged GIF: a code that is not there yet");
      }
      std::size_t length = 0;
      unsigned from = now;
      if (now == next) {
        text[length++] = first;
        from = previous;
      }
      for (; from > end; from = before[from]) text[length++] = last[from];
      first = last[from];
      text[length++] = first;
      for (; length > 0 && at < size; ++at) put(frame, at, text[--length], indices);
      if (previous != clear && next < most_codes) {
        before[next] = static_cast<std::uint16_t>(previous);
        last[next++] = first;
        if (next == 1U << bits && bits < 12) ++bits;
      }
      previous = now;
    }
  }

  static void put(const Frame& frame, std::int64_t at, std::uint8_t index, cv::Mat& indices) {
    const std::int64_t line = at / frame.width;
    const std::int64_t y = frame.interlaced ? interlaced(line, frame.height) : line;
    indices.at<std::uint8_t>(static_cast<int>(frame.top + y),
                             static_cast<int>(frame.left + at % frame.width)) = index;
  }

  /// The row of the picture that comes as the `line`th.
  static std::int64_t interlaced(std::int64_t line, std::int64_t height) {
    constexpr std::int64_t begins[] = {0, 4, 2, 1}, steps[] = {8, 8, 4, 2};
    for (int pass = 0; pass < 3; ++pass) {
      const std::int64_t rows = (height - begins[pass] + steps[pass] - 1) / steps[pass];
      if (line < rows) return begins[pass] + line * steps[pass];
      line -= rows;
    }
    return begins[3] + line * steps[3];
  }

  cv::Mat coloured(const cv::Mat& indices) const {
    std::array<cv::Vec3b, 256> colours{};
    for (std::size_t i = 0; i < palette_.size(); ++i) {
      colours[i] = {palette_[i][2], palette_[i][1], palette_[i][0]};
    }
    cv::Mat result(indices.size(), CV_8UC3);
    std::transform(indices.begin<std::uint8_t>(), indices.end<std::uint8_t>(),
                   result.begin<cv::Vec3b>(), [&](std::uint8_t index) { return colours[index]; });
    return as_channels(result, image_.channels);
  }

  const EncodedImage& image_;
  ImageBytes in_;
  std::int64_t width_ = 0, height_ = 0;
  std::vector<std::array<std::uint8_t, 3>> palette_;
  unsigned block_left_ = 0, held_ = 0, held_bits_ = 0;
};

}  // namespace

DecodedImage decode_gif(const EncodedImage& image) { return GifDecoder(image).decode(); }

}  // namespace muxnet
