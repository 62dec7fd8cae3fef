#include "muxnet/data/image_pipeline.hpp"

#include <string>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/data/image_decode.hpp"

namespace muxnet {

Tensor load_images(std::span<const std::filesystem::path> files, const ImagePipeline& pipeline) {
  require(!files.empty(), "load_images", "at least one file", "none");
  require(1 <= pipeline.crop && pipeline.crop <= pipeline.resize && pipeline.resize <= 4096,
          "load_images", "a crop of 1 to resize pixels, resize of at most 4096",
          text("crop ", pipeline.crop, " of ", pipeline.resize));
  const auto load = [&](std::size_t i, std::uint8_t* planes) {
    copy_crop(decode_image(files[i], 3, pipeline.max_pixels), files[i].string(), pipeline.resize,
              pipeline.crop, pipeline.max_pixels, planes);
  };
  std::vector<std::string> errors;
  Tensor images =
      load_each<std::exception>(files.size(), {3, pipeline.crop, pipeline.crop}, load, errors);
  throw_first(errors);
  return images;
}

}  // namespace muxnet
