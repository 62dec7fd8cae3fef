#include "muxnet/data/image_bytes.hpp"

#include "muxnet/core/error.hpp"
#include "muxnet/data/image_decode.hpp"

namespace muxnet {

Tensor decode_images(const std::vector<std::string>& contents, const ImageBytesOptions& options) {
  require(!contents.empty(), "decode_images", "at least one image", "none");
  require(
      (options.channels == 1 || options.channels == 3) && options.size >= 1 && options.size <= 4096,
      "decode_images", "1 or 3 channels and a size of 1 .. 4096 pixels",
      text(options.channels, " and ", options.size));
  require(options.resize == 0 ||
              (options.channels == 3 && options.size <= options.resize && options.resize <= 4096),
          "decode_images, resize", "0, or for 3 channels at least the size and at most 4096",
          text(options.resize));
  const auto load = [&](std::size_t i, std::uint8_t* planes) {
    const std::string name = text("image ", i);
    const auto image = decode_image(contents[i], name, options.channels, options.max_pixels);
    if (options.resize > 0) {
      copy_crop(image, name, options.resize, options.size, options.max_pixels, planes);
    } else {
      copy_square(image, options.channels, options.size, planes);
    }
  };
  std::vector<std::string> errors;
  Tensor images = load_each<std::exception>(
      contents.size(), {options.channels, options.size, options.size}, load, errors);
  throw_first(errors);
  return images;
}

}  // namespace muxnet
