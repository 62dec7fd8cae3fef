#include <png.h>
#include <zlib.h>

#include <csetjmp>
#include <new>
#include <stdexcept>
#include <string>

#include "muxnet/data/image_formats.hpp"

namespace muxnet {
namespace {

/// libpng in C++: its errors jump back to encode(), which throws. What runs between must leave
/// nothing to be destroyed.
class PngEncoder {
 public:
  PngEncoder() {
    png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, this, &fail,
                                   [](png_structp, png_const_charp) {});
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_write_struct(&png_, nullptr);
      throw std::bad_alloc();
    }
  }
  PngEncoder(const PngEncoder&) = delete;
  PngEncoder& operator=(const PngEncoder&) = delete;
  ~PngEncoder() { png_destroy_write_struct(&png_, &info_); }

  std::string encode(const cv::Mat& pixels) {
    if (setjmp(back_) != 0) throw std::runtime_error("libpng cannot write this image");
    write(pixels);
    return bytes_;
  }

 private:
  void write(const cv::Mat& pixels) {
    constexpr int bits = 8;
    png_set_write_fn(png_, this, &append, nullptr);
    // For speed: what sends an image waits for it.
    png_set_filter(png_, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
    png_set_compression_level(png_, Z_BEST_SPEED);
    png_set_compression_strategy(png_, Z_RLE);
    png_set_IHDR(png_, info_, static_cast<png_uint_32>(pixels.cols),
                 static_cast<png_uint_32>(pixels.rows), bits,
                 pixels.channels() == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png_, info_);
    png_set_bgr(png_);
    for (int y = 0; y < pixels.rows; ++y) png_write_row(png_, pixels.ptr(y));
    png_write_end(png_, info_);
  }

  static void fail(png_structp png, png_const_charp) {
    std::longjmp(static_cast<PngEncoder*>(png_get_error_ptr(png))->back_, 1);
  }

  /// No exception may leave it, as libpng is C.
  static void append(png_structp png, png_bytep bytes, std::size_t count) {
    auto& self = *static_cast<PngEncoder*>(png_get_io_ptr(png));
    bool kept = true;
    try {
      self.bytes_.append(reinterpret_cast<const char*>(bytes), count);
    } catch (const std::exception&) {
      kept = false;
    }
    if (!kept) png_error(png, "no memory");
  }

  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf back_{};
  std::string bytes_;
};

}  // namespace

std::string encode_png(const cv::Mat& pixels) { return PngEncoder().encode(pixels); }

}  // namespace muxnet
