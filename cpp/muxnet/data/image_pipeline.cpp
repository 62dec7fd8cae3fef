#include "muxnet/data/image_pipeline.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/data/image_decode.hpp"
#include "muxnet/data/resample.hpp"

namespace muxnet {
namespace {

constexpr int channels = 3;

/// The longer side cut off, not rounded: torchvision's way.
int scaled(int side, int shorter, int resize) {
  return static_cast<int>(static_cast<std::int64_t>(resize) * side / shorter);
}

/// Half of what is left over, to the even one of two as near: Python's way.
int margin(int side, int crop) { return static_cast<int>(std::nearbyint((side - crop) / 2.0)); }

void load_image(const std::filesystem::path& path, const ImagePipeline& pipeline,
                std::uint8_t* dst) {
  const cv::Mat image = decode_image(path, channels, pipeline.max_pixels);
  const int shorter = std::min(image.rows, image.cols);
  const int height = scaled(image.rows, shorter, pipeline.resize);
  const int width = scaled(image.cols, shorter, pipeline.resize);
  require(static_cast<std::int64_t>(height) * width <= pipeline.max_pixels, path.string(),
          text("at most ", pipeline.max_pixels, " pixels when resized"),
          text(width, " x ", height));
  const Pixels small = resample(image.data, image.rows, image.cols, channels, height, width);
  const int top = margin(height, pipeline.crop), left = margin(width, pipeline.crop);
  const std::ptrdiff_t line = static_cast<std::ptrdiff_t>(width) * channels;
  const std::uint8_t* corner = small.values.data() + top * line + std::ptrdiff_t{left} * channels;
  for (int channel = 0; channel < channels; ++channel) {
    for (int y = 0; y < pipeline.crop; ++y) {
      const std::uint8_t* src =
          corner + y * line + channels - 1 - channel;  // OpenCV decodes to BGR
      for (int x = 0; x < pipeline.crop; ++x, src += channels) *dst++ = *src;
    }
  }
}

}  // namespace

Tensor load_images(std::span<const std::filesystem::path> files, const ImagePipeline& pipeline) {
  require(!files.empty(), "load_images", "at least one file", "none");
  require(1 <= pipeline.crop && pipeline.crop <= pipeline.resize && pipeline.resize <= 4096,
          "load_images", "a crop of 1 to resize pixels, resize of at most 4096",
          text("crop ", pipeline.crop, " of ", pipeline.resize));
  const auto load = [&](std::size_t i, std::uint8_t* planes) {
    load_image(files[i], pipeline, planes);
  };
  std::vector<std::string> errors;
  Tensor images = load_each<std::exception>(files.size(), {channels, pipeline.crop, pipeline.crop},
                                            load, errors);
  throw_first(errors);
  return images;
}

}  // namespace muxnet
