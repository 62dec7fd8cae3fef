#include "muxnet/data/image_bytes.hpp"

#include "muxnet/core/error.hpp"
#include "muxnet/data/image_decode.hpp"
#include "muxnet/data/tasks.hpp"

namespace muxnet {

Tensor decode_images(const std::vector<std::string>& contents, const ImageBytesOptions& options) {
  require(!contents.empty(), "decode_images", "at least one image", "none");
  require(
      (options.channels == 1 || options.channels == 3) && options.size >= 1 && options.size <= 4096,
      "decode_images", "1 or 3 channels and a size of 1 .. 4096 pixels",
      text(options.channels, " and ", options.size));
  const auto count = static_cast<std::int64_t>(contents.size());
  Tensor images({count, options.channels, options.size, options.size}, DType::u8);
  const std::int64_t bytes = images.size() / count;
  // By image, so that the error reported does not depend on which thread was first.
  std::vector<std::string> errors(contents.size());
  parallel_for(contents.size(), [&](std::size_t i) {
    try {
      const auto image =
          decode_image(contents[i], text("image ", i), options.channels, options.max_pixels);
      copy_square(image, options.channels, options.size,
                  images.data<std::uint8_t>() + static_cast<std::int64_t>(i) * bytes);
    } catch (const std::exception& failure) {
      errors[i] = failure.what();
    }
  });
  for (const auto& error : errors) {
    if (!error.empty()) throw FileError(error);
  }
  return images;
}

}  // namespace muxnet
