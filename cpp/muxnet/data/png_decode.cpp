#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/core/names.hpp"
#include "muxnet/data/exif.hpp"
#include "muxnet/data/image_formats.hpp"

namespace muxnet {
namespace {

// The most that deflate can pack into a byte.
constexpr std::int64_t most_expansion = 1032;
constexpr png_uint_32 most_side = 1 << 20;

// Nothing of these reaches the pixels, and some unpack to a thousand times their size. Where libpng
// knows a gamma it makes grey of light, not of the values as Pillow, and as all other formats here.
constexpr png_byte ignored_chunks[] =
    "bKGD\0cHRM\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0sCAL\0sPLT\0sRGB\0tIME";
// Of texts, of which one may hold Exif data, so many are looked at, and of no chunk but pixels more
// than this is kept: what is beyond is passed over.
constexpr png_uint_32 most_texts = 64;
constexpr png_alloc_size_t most_chunk_bytes = 1 << 18;  // twice what a JPEG has room for, in hex
constexpr std::string_view exif_text = "Raw profile type exif";  // of ImageMagick
constexpr int ignored_count = sizeof ignored_chunks / 5;

/// The bytes of a profile: its name and its length in lines, then bytes in hex.
std::string from_profile(std::string_view written) {
  for (int line = 0; line < 3; ++line) {
    written.remove_prefix(std::min(written.find('\n') + 1, written.size()));
  }
  std::string bytes;
  unsigned byte = 1;
  for (const char letter : lower(written)) {
    constexpr std::string_view hex = "0123456789abcdef";
    const auto digit = hex.find(letter);
    if (digit == hex.npos) continue;
    byte = byte << 4U | static_cast<unsigned>(digit);
    if (byte < 256) continue;
    bytes += static_cast<char>(byte);
    byte = 1;
  }
  return bytes;
}

/// libpng in C++: its errors jump back to run(), which throws. What runs within must leave nothing
/// to be destroyed.
class PngDecoder {
 public:
  explicit PngDecoder(const EncodedImage& image) : image_(image), left_(image.bytes) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, &fail,
                                  [](png_structp, png_const_charp) {});
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw std::bad_alloc();
    }
  }
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;
  ~PngDecoder() { png_destroy_read_struct(&png_, &info_, nullptr); }

  DecodedImage decode() {
    run([&] {
      png_set_read_fn(png_, this, &read);
      png_set_crc_action(png_, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
      png_set_user_limits(png_, most_side, most_side);
      png_set_chunk_cache_max(png_, most_texts);
      png_set_chunk_malloc_max(png_, most_chunk_bytes);
      png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, ignored_chunks, ignored_count);
      png_read_info(png_, info_);
    });
    check_header();
    run([&] { set_transforms(); });
    DecodedImage result;
    result.pixels.create(static_cast<int>(png_get_image_height(png_, info_)),
                         static_cast<int>(png_get_image_width(png_, info_)),
                         CV_8UC(image_.channels));
    if (png_get_rowbytes(png_, info_) != result.pixels.step[0]) {
      refuse_image(image_, "a PNG in another form");
    }
    std::vector<png_bytep> rows;
    for (int y = 0; y < result.pixels.rows; ++y) rows.push_back(result.pixels.ptr(y));
    run([&] {
      png_read_image(png_, rows.data());
      png_read_end(png_, info_);
    });
    result.orientation = orientation();
    return result;
  }

 private:
  template <class Step>
  void run(const Step& step) {
    if (setjmp(back_) == 0) {
      step();
      return;
    }
    if (cut_) refuse_image(image_, "a truncated PNG");
    refuse_image(image_, text("a damaged PNG: ", message_));
  }

  static void fail(png_structp png, png_const_charp message) {
    auto& self = *static_cast<PngDecoder*>(png_get_error_ptr(png));
    std::strncpy(self.message_, message, sizeof self.message_ - 1);
    std::longjmp(self.back_, 1);
  }

  static void read(png_structp png, png_bytep dst, std::size_t count) {
    auto& self = *static_cast<PngDecoder*>(png_get_io_ptr(png));
    self.cut_ = count > self.left_.size();
    if (self.cut_) png_error(png, "cut");
    std::memcpy(dst, self.left_.data(), count);
    self.left_.remove_prefix(count);
  }

  void check_header() const {
    const std::int64_t height = png_get_image_height(png_, info_);
    check_pixels(image_, png_get_image_width(png_, info_), height);
    const auto row = static_cast<std::int64_t>(png_get_rowbytes(png_, info_));
    if ((row + 1) * height > most_expansion * std::ssize(image_.bytes)) {
      refuse_image(image_, text("a truncated PNG: ", image_.bytes.size(), " bytes for ",
                                png_get_image_width(png_, info_), " x ", height, " pixels"));
    }
  }

  /// To 8 bits, BGR or grey, without transparency.
  void set_transforms() {
    const auto kind = png_get_color_type(png_, info_);
    const bool coloured = (kind & PNG_COLOR_MASK_COLOR) != 0;
    png_set_strip_16(png_);
    png_set_strip_alpha(png_);
    if (kind == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png_);
    if (!coloured && png_get_bit_depth(png_, info_) < 8) png_set_expand_gray_1_2_4_to_8(png_);
    if (image_.channels == 1) {
      constexpr double red = 0.299, green = 0.587;
      png_set_rgb_to_gray(png_, PNG_ERROR_ACTION_NONE, red, green);
    } else if (coloured) {
      png_set_bgr(png_);
    } else {
      png_set_gray_to_rgb(png_);
    }
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
  }

  int orientation() {
    png_bytep exif = nullptr;
    png_uint_32 count = 0;
    if (png_get_eXIf_1(png_, info_, &count, &exif) != 0) {
      return exif_orientation({reinterpret_cast<const char*>(exif), count});
    }
    png_textp texts = nullptr;
    const int found = png_get_text(png_, info_, &texts, nullptr);
    const auto* profile = std::find_if(texts, texts + found,
                                       [](const png_text& text) { return text.key == exif_text; });
    return profile == texts + found ? 1 : exif_orientation(from_profile(profile->text));
  }

  const EncodedImage& image_;
  std::string_view left_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf back_{};
  char message_[200] = "";
  bool cut_ = false;
};

}  // namespace

DecodedImage decode_png(const EncodedImage& image) { return PngDecoder(image).decode(); }

}  // namespace muxnet
