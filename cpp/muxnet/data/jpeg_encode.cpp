#include <csetjmp>
#include <cstdio>
#include <cstdlib>
// Needs std::FILE and std::size_t before it.
#include <jpeglib.h>

#include <stdexcept>
#include <string>

#include "muxnet/data/image_formats.hpp"

namespace muxnet {
namespace {

/// libjpeg in C++: its errors jump back to encode(), which throws. What runs between must leave
/// nothing to be destroyed.
class JpegEncoder {
 public:
  JpegEncoder() {
    codec_.err = jpeg_std_error(&errors_);
    errors_.error_exit = [](j_common_ptr codec) {
      auto& self = *static_cast<JpegEncoder*>(codec->client_data);
      codec->err->format_message(codec, self.message_);
      std::longjmp(self.back_, 1);
    };
    codec_.client_data = this;
  }
  JpegEncoder(const JpegEncoder&) = delete;
  JpegEncoder& operator=(const JpegEncoder&) = delete;
  ~JpegEncoder() {
    jpeg_destroy_compress(&codec_);
    std::free(bytes_);
  }

  std::string encode(const cv::Mat& pixels, int quality) {
    if (setjmp(back_) != 0) throw std::runtime_error(message_);
    write(pixels, quality);
    return {reinterpret_cast<const char*>(bytes_), size_};
  }

 private:
  void write(const cv::Mat& pixels, int quality) {
    jpeg_create_compress(&codec_);
    jpeg_mem_dest(&codec_, &bytes_, &size_);
    codec_.image_width = static_cast<JDIMENSION>(pixels.cols);
    codec_.image_height = static_cast<JDIMENSION>(pixels.rows);
    codec_.input_components = pixels.channels();
    codec_.in_color_space = pixels.channels() == 1 ? JCS_GRAYSCALE : JCS_EXT_BGR;
    jpeg_set_defaults(&codec_);
    jpeg_set_quality(&codec_, quality, TRUE);
    jpeg_start_compress(&codec_, TRUE);
    while (codec_.next_scanline < codec_.image_height) {
      auto* row = const_cast<JSAMPROW>(pixels.ptr(static_cast<int>(codec_.next_scanline)));
      jpeg_write_scanlines(&codec_, &row, 1);
    }
    jpeg_finish_compress(&codec_);
  }

  jpeg_compress_struct codec_{};
  jpeg_error_mgr errors_{};
  std::jmp_buf back_{};
  char message_[JMSG_LENGTH_MAX] = "";
  unsigned char* bytes_ = nullptr;
  unsigned long size_ = 0;
};

}  // namespace

std::string encode_jpeg(const cv::Mat& pixels, int quality) {
  return JpegEncoder().encode(pixels, quality);
}

}  // namespace muxnet
