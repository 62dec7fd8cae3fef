#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <string>
#include <string_view>

namespace muxnet {

/// One image to be decoded, and how large it may be.
struct EncodedImage {
  std::string_view bytes;  ///< a whole file
  std::string name;        ///< for messages
  int channels = 3;        ///< 1: grey, 3: BGR
  std::int64_t max_pixels = 0;
};

/// Pixels u8, and how the camera was held (see exif_orientation).
struct DecodedImage {
  cv::Mat pixels;
  int orientation = 1;
};

/// The formats that are decoded. Size, scans and what must follow are checked by the decoding
/// library's own reading of the header, before a row is decoded or memory for one is asked for; a
/// file too small for the size that it states is refused, so that time and memory are linear in the
/// file's size. Throw FileError that names the image, for one that is damaged or cut too.
DecodedImage decode_jpeg(const EncodedImage& image);
DecodedImage decode_png(const EncodedImage& image);
DecodedImage decode_gif(const EncodedImage& image);  ///< the first frame
DecodedImage decode_bmp(const EncodedImage& image);
DecodedImage decode_webp(const EncodedImage& image);  ///< the first frame
DecodedImage decode_tiff(const EncodedImage& image);  ///< the first page, turned as it says
DecodedImage decode_pnm(const EncodedImage& image);

/// A file of pixels u8, BGR or grey; `quality`: 1 to 100.
std::string encode_jpeg(const cv::Mat& pixels, int quality);
std::string encode_png(const cv::Mat& pixels);

/// Throws FileError unless width x height pixels, both above 0, are allowed.
void check_pixels(const EncodedImage& image, std::int64_t width, std::int64_t height);

/// Throws FileError where packed bytes are so few for so many pixels that they hold no photograph,
/// which keeps time and memory linear in a file's size where its packing does not.
void check_packed(const EncodedImage& image, std::int64_t width, std::int64_t height);

/// BGR or grey as 1 or 3 channels.
cv::Mat as_channels(const cv::Mat& pixels, int channels);

/// Throws FileError for `defect`.
[[noreturn]] void refuse_image(const EncodedImage& image, std::string_view defect);

}  // namespace muxnet
