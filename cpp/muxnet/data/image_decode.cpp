#include "muxnet/data/image_decode.hpp"

#include <opencv2/imgcodecs.hpp>
#include <string>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/data/image_header.hpp"

namespace muxnet {
namespace {

void check_header(const std::filesystem::path& path, const std::string& bytes,
                  std::int64_t max_pixels) {
  const auto header = read_image_header(bytes);
  if (!header.defect.empty()) {
    throw FileError(error_text(path.string(), "a whole JPEG or PNG image", header.defect));
  }
  // Sides below 2^32 each, so the product fits.
  if (header.width > max_pixels / header.height) {
    throw FileError(error_text(path.string(), text("at most ", max_pixels, " pixels"),
                               text(header.width, " x ", header.height)));
  }
}

}  // namespace

cv::Mat decode_image(const std::filesystem::path& path, int channels, std::int64_t max_pixels) {
  const std::string bytes = read_file(path);
  check_header(path, bytes, max_pixels);
  const cv::Mat raw(1, static_cast<int>(bytes.size()), CV_8UC1, const_cast<char*>(bytes.data()));
  cv::Mat image;
  try {
    image = cv::imdecode(raw, channels == 1 ? cv::IMREAD_GRAYSCALE : cv::IMREAD_COLOR);
  } catch (const cv::Exception& failure) {
    throw FileError(error_text(path.string(), "a decodable image", failure.err));
  }
  if (image.empty()) {
    throw FileError(error_text(path.string(), "a decodable image", "damaged contents"));
  }
  return image;
}

}  // namespace muxnet
