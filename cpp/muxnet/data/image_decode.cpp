#include "muxnet/data/image_decode.hpp"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"

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
    {"GIF", "GIF87a"sv, &decode_gif},
    {"GIF", "GIF89a"sv, &decode_gif},
    {"BMP", "BM"sv, &decode_bmp},
    {"WebP", "RIFF"sv, &decode_webp},
    {"TIFF", "II*\0"sv, &decode_tiff},
    {"TIFF", "MM\0*"sv, &decode_tiff},
    {"PNM", "P1"sv, &decode_pnm},
    {"PNM", "P2"sv, &decode_pnm},
    {"PNM", "P3"sv, &decode_pnm},
    {"PNM", "P4"sv, &decode_pnm},
    {"PNM", "P5"sv, &decode_pnm},
    {"PNM", "P6"sv, &decode_pnm},
    {"BigTIFF", "II+\0"sv, nullptr},
    {"BigTIFF", "MM\0+"sv, nullptr},
    {"PAM", "P7"sv, nullptr},
    {"PFM", "PF"sv, nullptr},
    {"PFM", "Pf"sv, nullptr},
    {"JPEG 2000", "\0\0\0\x0CjP"sv, nullptr},
    {"JPEG 2000", "\xFF\x4F\xFF\x51"sv, nullptr},
    {"OpenEXR", "\x76\x2F\x31\x01"sv, nullptr},
    {"Radiance HDR", "#?R"sv, nullptr},
    {"Sun raster", "\x59\xA6\x6A\x95"sv, nullptr},
};

// Of a box of any length, which is before it. Films begin alike, with other brands.
constexpr std::string_view box = "ftyp",
                           brands[] = {"avif", "avis", "heic", "heim", "heis", "heix",
                                       "hevc", "hevm", "hevs", "hevx", "mif1", "msf1"};

std::string_view name_by_box(std::string_view bytes) {
  if (bytes.size() < 12 || bytes.substr(4, 4) != box) return "";
  const auto brand = bytes.substr(8, 4);
  return std::ranges::count(brands, brand) > 0 ? "HEIF or AVIF" : "";
}

/// The names of the formats that are decoded.
std::string known_names() {
  std::string names;
  for (const Format& format : formats) {
    if (format.decode == nullptr || names.ends_with(format.name)) continue;
    names += text(names.empty() ? "" : ", ", format.name);
  }
  return names;
}

/// By the file's first bytes alone, which are also all that the decoder goes by.
const Format& format_of(const EncodedImage& image) {
  const auto* known =
      std::find_if(std::begin(formats), std::end(formats),
                   [&](const Format& format) { return image.bytes.starts_with(format.signature); });
  if (image.bytes.empty()) refuse_image(image, "an empty file");
  if (known != std::end(formats) && known->decode != nullptr) return *known;
  const std::string_view name = known == std::end(formats) ? name_by_box(image.bytes) : known->name;
  const std::string kind = name.empty() ? "" : text(", ", name);
  throw FileError(error_text(image.name, text("an image in one of ", known_names()),
                             text("another kind of file", kind)));
}

/// The largest file that an image of so many pixels may be: uncompressed, with room for its texts.
std::uint64_t most_bytes(std::int64_t max_pixels) {
  constexpr std::uint64_t pixel = 8, rest = std::uint64_t{64} << 20;
  constexpr std::uint64_t most = std::uint64_t{1} << 40;
  return pixel * std::min(static_cast<std::uint64_t>(max_pixels), most) + rest;
}

}  // namespace

DecodedImage decode_image(const std::filesystem::path& path, int channels,
                          std::int64_t max_pixels) {
  return decode_image(read_file(path, most_bytes(max_pixels)), path.string(), channels, max_pixels);
}

DecodedImage decode_image(const std::string& bytes, const std::string& name, int channels,
                          std::int64_t max_pixels) {
  const EncodedImage encoded{bytes, name, channels, max_pixels};
  return format_of(encoded).decode(encoded);
}

cv::Mat turned(const DecodedImage& image) {
  const int orientation = image.orientation;
  enum { mirrored = 2, upside_down, flipped, transposed, right_turned, across, left_turned };
  constexpr int columns = 1, rows = 0, both = -1;
  cv::Mat result = image.pixels;
  if (orientation >= transposed) cv::transpose(image.pixels, result);
  if (orientation == mirrored || orientation == right_turned) cv::flip(result, result, columns);
  if (orientation == upside_down || orientation == across) cv::flip(result, result, both);
  if (orientation == flipped || orientation == left_turned) cv::flip(result, result, rows);
  return result;
}

void check_pixels(const EncodedImage& image, std::int64_t width, std::int64_t height) {
  if (width > 0 && height > 0 && width <= image.max_pixels / height) return;
  throw FileError(error_text(image.name, text("at most ", image.max_pixels, " pixels"),
                             text(width, " x ", height)));
}

void check_packed(const EncodedImage& image, std::int64_t width, std::int64_t height) {
  constexpr std::int64_t always = 1 << 20, pixels_per_byte = 4096;
  if (width * height <= always + pixels_per_byte * std::ssize(image.bytes)) return;
  refuse_image(image, text(image.bytes.size(), " bytes for ", width, " x ", height, " pixels"));
}

cv::Mat as_channels(const cv::Mat& pixels, int channels) {
  if (pixels.channels() == channels) return pixels;
  cv::Mat result;
  cv::cvtColor(pixels, result, channels == 1 ? cv::COLOR_BGR2GRAY : cv::COLOR_GRAY2BGR);
  return result;
}

void refuse_image(const EncodedImage& image, std::string_view defect) {
  throw FileError(error_text(image.name, "a whole image", defect));
}

}  // namespace muxnet
