#include "muxnet/data/image_decode.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/data/image_formats.hpp"
#include "muxnet/data/resample.hpp"

namespace muxnet {
namespace {

using namespace std::string_view_literals;

struct Format {
  std::string_view name;
  std::string_view signature;
  DecodedImage (*decode)(const EncodedImage&);  // null: only known by name
};
constexpr Format formats[] = {
    {"JPEG", "\xFF\xD8\xFF"sv, &decode_jpeg},
    {"PNG", "\x89PNG\r\n\x1A\n"sv, &decode_png},
    {"GIF", "GIF8"sv, nullptr},
    {"BMP", "BM"sv, nullptr},
    {"WebP", "RIFF"sv, nullptr},
    {"TIFF", "II*\0"sv, nullptr},
    {"TIFF", "MM\0*"sv, nullptr},
    {"JPEG 2000", "\0\0\0\x0CjP"sv, nullptr},
    {"JPEG 2000", "\xFF\x4F\xFF\x51"sv, nullptr},
    {"OpenEXR", "\x76\x2F\x31\x01"sv, nullptr},
    {"Radiance HDR", "#?R"sv, nullptr},
    {"Sun raster", "\x59\xA6\x6A\x95"sv, nullptr},
    {"PNM", "P"sv, nullptr},
};

/// By the file's first bytes alone, which are also all that the decoder goes by.
const Format& format_of(const EncodedImage& image) {
  const auto* known =
      std::find_if(std::begin(formats), std::end(formats),
                   [&](const Format& format) { return image.bytes.starts_with(format.signature); });
  if (image.bytes.empty()) refuse_image(image, "an empty file");
  if (known == std::end(formats)) refuse_image(image, "another kind of file");
  if (known->decode == nullptr) refuse_image(image, text("another kind of file, ", known->name));
  return *known;
}

/// Upright, as its camera was not.
cv::Mat turned(const cv::Mat& image, int orientation) {
  enum { mirrored = 2, upside_down, flipped, transposed, right_turned, across, left_turned };
  constexpr int columns = 1, rows = 0, both = -1;
  cv::Mat result = image;
  if (orientation >= transposed) cv::transpose(image, result);
  if (orientation == mirrored || orientation == right_turned) cv::flip(result, result, columns);
  if (orientation == upside_down || orientation == across) cv::flip(result, result, both);
  if (orientation == flipped || orientation == left_turned) cv::flip(result, result, rows);
  return result;
}

/// The largest file that an image of so many pixels may be: uncompressed, with room for its texts.
std::uint64_t most_bytes(std::int64_t max_pixels) {
  constexpr std::uint64_t pixel = 8, rest = std::uint64_t{64} << 20;
  constexpr std::uint64_t most = std::uint64_t{1} << 40;
  return pixel * std::min(static_cast<std::uint64_t>(max_pixels), most) + rest;
}

/// The longer side cut off, not rounded: torchvision's way.
std::int64_t scaled(int side, int shorter, int resize) {
  return static_cast<std::int64_t>(resize) * side / shorter;
}

/// Half of what is left over, to the even one of two as near: Python's way.
int margin(int side, int crop) { return static_cast<int>(std::nearbyint((side - crop) / 2.0)); }

}  // namespace

cv::Mat decode_image(const std::filesystem::path& path, int channels, std::int64_t max_pixels) {
  return decode_image(read_file(path, most_bytes(max_pixels)), path.string(), channels, max_pixels);
}

cv::Mat decode_image(const std::string& bytes, const std::string& name, int channels,
                     std::int64_t max_pixels) {
  const EncodedImage encoded{bytes, name, channels, max_pixels};
  const DecodedImage image = format_of(encoded).decode(encoded);
  return turned(image.pixels, image.orientation);
}

void check_pixels(const EncodedImage& image, std::int64_t width, std::int64_t height) {
  if (width > 0 && height > 0 && width <= image.max_pixels / height) return;
  throw FileError(error_text(image.name, text("at most ", image.max_pixels, " pixels"),
                             text(width, " x ", height)));
}

void refuse_image(const EncodedImage& image, std::string_view defect) {
  throw FileError(error_text(image.name, "a whole JPEG or PNG image", defect));
}

void throw_first(const std::vector<std::string>& errors) {
  for (const auto& error : errors) {
    if (!error.empty()) throw FileError(error);
  }
}

void copy_square(const cv::Mat& image, int channels, int size, std::uint8_t* dst) {
  const int side = std::min(image.rows, image.cols);
  // Cutting first gives the same square and keeps a 1 x 100000 image from growing on the way.
  const cv::Mat square =
      image(cv::Rect((image.cols - side) / 2, (image.rows - side) / 2, side, side));
  cv::Mat small;
  cv::resize(square, small, {size, size}, 0, 0, side > size ? cv::INTER_AREA : cv::INTER_LINEAR);
  for (int channel = 0; channel < channels; ++channel) {
    cv::Mat plane(size, size, CV_8UC1, dst + std::int64_t{channel} * size * size);
    cv::extractChannel(small, plane, channels - 1 - channel);  // OpenCV decodes to BGR
  }
}

void copy_crop(const cv::Mat& image, const std::string& name, int resize, int crop,
               std::int64_t max_pixels, std::uint8_t* dst) {
  constexpr int channels = 3;
  const int shorter = std::min(image.rows, image.cols);
  const std::int64_t wanted_height = scaled(image.rows, shorter, resize);
  const std::int64_t wanted_width = scaled(image.cols, shorter, resize);
  require(wanted_height <= max_pixels / wanted_width, name,
          text("at most ", max_pixels, " pixels when resized"),
          text(wanted_width, " x ", wanted_height));
  const auto height = static_cast<int>(wanted_height), width = static_cast<int>(wanted_width);
  const Pixels small = resample(image.data, image.rows, image.cols, channels, height, width);
  const std::ptrdiff_t line = static_cast<std::ptrdiff_t>(width) * channels;
  const std::uint8_t* corner = small.values.data() + margin(height, crop) * line +
                               std::ptrdiff_t{margin(width, crop)} * channels;
  for (int channel = 0; channel < channels; ++channel) {
    for (int y = 0; y < crop; ++y) {
      const std::uint8_t* src =
          corner + y * line + channels - 1 - channel;  // OpenCV decodes to BGR
      for (int x = 0; x < crop; ++x, src += channels) *dst++ = *src;
    }
  }
}

}  // namespace muxnet
