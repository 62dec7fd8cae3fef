#include "fuzz/targets.hpp"
#include "muxnet/data/cifar.hpp"
#include "muxnet/data/idx.hpp"
#include "muxnet/data/image_decode.hpp"
#include "muxnet/data/image_format.hpp"

namespace muxnet::fuzz {
namespace {

// So small that a decoder's memory is told from what a header alone has made it ask for.
constexpr std::int64_t max_pixels = 1 << 18;

/// An image of the format that its first bytes tell, as it is routed: upright.
void read_image(std::string_view bytes, int channels) {
  turned(decode_image(std::string(bytes), "image", channels, max_pixels));
}

}  // namespace

void add_data(Targets& targets) {
  targets["idx_images"] = [](std::string_view bytes) { load_idx(MemoryFile(bytes).path(), 3); };
  targets["idx_labels"] = [](std::string_view bytes) { load_idx(MemoryFile(bytes).path(), 1); };
  targets["cifar10"] = [](std::string_view bytes) { load_cifar10(MemoryFile(bytes).path()); };
  targets["cifar100"] = [](std::string_view bytes) { load_cifar100(MemoryFile(bytes).path()); };
  targets["image"] = [](std::string_view bytes) { read_image(bytes, 3); };
  targets["image_grey"] = [](std::string_view bytes) { read_image(bytes, 1); };
  targets["image_format"] = [](std::string_view bytes) { image_format_from_json(bytes); };
}

}  // namespace muxnet::fuzz
