#include <csetjmp>
#include <cstdio>
// Needs std::FILE and std::size_t before it.
#include <jpeglib.h>

#include <jerror.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/data/exif.hpp"
#include "muxnet/data/image_formats.hpp"

namespace muxnet {
namespace {

// Encoders write ten or so; each goes through the whole image, whatever its own size.
constexpr int max_scans = 64;
// A Huffman code has at least one bit, and every block has one.
constexpr std::int64_t blocks_per_byte = 8;
constexpr int exif_marker = JPEG_APP0 + 1;

/// libjpeg in C++: its errors jump back to run(), which throws. What runs within must leave nothing
/// to be destroyed.
class JpegDecoder {
 public:
  explicit JpegDecoder(const EncodedImage& image) : image_(image) {
    codec_.err = jpeg_std_error(&errors_);
    errors_.error_exit = [](j_common_ptr codec) {
      auto& self = *static_cast<JpegDecoder*>(codec->client_data);
      codec->err->format_message(codec, self.message_);
      std::longjmp(self.back_, 1);
    };
    errors_.emit_message = [](j_common_ptr, int) {};  // warnings: what can be read is read
    codec_.client_data = this;
    run([&] { jpeg_create_decompress(&codec_); });
    jpeg_mem_src(&codec_, reinterpret_cast<const unsigned char*>(image.bytes.data()),
                 image.bytes.size());
    codec_.src->fill_input_buffer = [](j_decompress_ptr codec) -> boolean {
      auto& self = *static_cast<JpegDecoder*>(codec->client_data);
      self.cut_ = true;
      std::longjmp(self.back_, 1);
    };
    progress_.progress_monitor = [](j_common_ptr common) {
      auto& self = *static_cast<JpegDecoder*>(common->client_data);
      if (self.codec_.input_scan_number <= max_scans) return;
      self.scans_ = true;
      std::longjmp(self.back_, 1);
    };
  }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;
  ~JpegDecoder() { jpeg_destroy_decompress(&codec_); }

  DecodedImage decode() {
    run([&] {
      jpeg_set_marker_processor(&codec_, exif_marker, read_app1);
      jpeg_read_header(&codec_, TRUE);
    });
    check_header();
    const bool inks = codec_.num_components == 4;
    const bool grey = image_.channels == 1;
    codec_.out_color_space = inks ? JCS_CMYK : grey ? JCS_GRAYSCALE : JCS_EXT_BGR;
    codec_.progress = &progress_;
    run([&] { jpeg_start_decompress(&codec_); });
    DecodedImage result;
    result.orientation = exif_orientation(exif_);
    result.pixels.create(static_cast<int>(codec_.output_height),
                         static_cast<int>(codec_.output_width),
                         inks ? CV_8UC4 : CV_8UC(grey ? 1 : 3));
    cv::Mat& pixels = result.pixels;
    run([&] {
      while (codec_.output_scanline < codec_.output_height) {
        JSAMPROW row = pixels.ptr(static_cast<int>(codec_.output_scanline));
        jpeg_read_scanlines(&codec_, &row, 1);
      }
      jpeg_finish_decompress(&codec_);
    });
    if (inks) pixels = without_inks(pixels, grey);
    return result;
  }

 private:
  template <class Step>
  void run(const Step& step) {
    if (setjmp(back_) == 0) {
      step();
      return;
    }
    if (cut_) refuse_image(image_, "a truncated JPEG");
    if (scans_) refuse_image(image_, text("a JPEG of more than ", max_scans, " scans"));
    refuse_image(image_, text("a damaged JPEG: ", message_));
  }

  /// Keeps the first Exif marker: others, such as XMP, have its number too. libjpeg's own list of
  /// all is gone through for each of them.
  static boolean read_app1(j_decompress_ptr codec) {
    auto& self = *static_cast<JpegDecoder*>(codec->client_data);
    jpeg_source_mgr& source = *codec->src;
    constexpr std::size_t own = 2;  // the bytes that say the length, their own included
    if (source.bytes_in_buffer < own) source.fill_input_buffer(codec);
    const JOCTET* bytes = source.next_input_byte;
    const std::size_t length = static_cast<std::size_t>(bytes[0]) << 8U | bytes[1];
    if (length < own) ERREXIT(codec, JERR_BAD_LENGTH);
    if (source.bytes_in_buffer < length) source.fill_input_buffer(codec);
    const std::string_view data(reinterpret_cast<const char*>(bytes) + own, length - own);
    if (self.exif_.empty() && data.starts_with(exif_name)) self.exif_ = data;
    source.next_input_byte += length;
    source.bytes_in_buffer -= length;
    return TRUE;
  }

  void check_header() const {
    check_pixels(image_, codec_.image_width, codec_.image_height);
    // Its codes may take no bits at all, and nobody uses it.
    if (codec_.arith_code) refuse_image(image_, "a JPEG in arithmetic coding");
    std::int64_t blocks = 0;
    for (int i = 0; i < codec_.num_components; ++i) {
      const jpeg_component_info& component = codec_.comp_info[i];
      blocks += static_cast<std::int64_t>(component.width_in_blocks) * component.height_in_blocks;
    }
    if (blocks > blocks_per_byte * std::ssize(image_.bytes)) {
      refuse_image(image_, text("a truncated JPEG: ", image_.bytes.size(), " bytes for ",
                                codec_.image_width, " x ", codec_.image_height, " pixels"));
    }
  }

  /// BGR or grey of what is left of light by cyan, magenta, yellow and black, stored inverted.
  static cv::Mat without_inks(const cv::Mat& inks, bool grey) {
    constexpr int scale = 14, red = 4899, green = 9617, blue = 1868;  // 0.299, 0.587, 0.114
    cv::Mat result(inks.size(), CV_8UC(grey ? 1 : 3));
    for (int y = 0; y < inks.rows; ++y) {
      const std::uint8_t* src = inks.ptr(y);
      std::uint8_t* dst = result.ptr(y);
      for (int x = 0; x < inks.cols; ++x, src += 4) {
        int light[3];
        for (int i = 0; i < 3; ++i) light[i] = src[3] - ((255 - src[i]) * src[3] >> 8);
        if (grey) {
          const int sum = light[0] * red + light[1] * green + light[2] * blue;
          *dst++ = static_cast<std::uint8_t>((sum + (1 << (scale - 1))) >> scale);
        } else {
          for (int i = 2; i >= 0; --i) *dst++ = static_cast<std::uint8_t>(light[i]);
        }
      }
    }
    return result;
  }

  const EncodedImage& image_;
  jpeg_decompress_struct codec_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf back_{};
  std::string_view exif_;  // within the image
  char message_[JMSG_LENGTH_MAX] = "";
  bool cut_ = false;
  bool scans_ = false;
};

}  // namespace

DecodedImage decode_jpeg(const EncodedImage& image) { return JpegDecoder(image).decode(); }

}  // namespace muxnet
