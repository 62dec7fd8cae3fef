#include "muxnet/data/exif.hpp"

#include <cstddef>

namespace muxnet {
namespace {

constexpr unsigned orientation_tag = 0x0112;
constexpr std::size_t entry_bytes = 12;
constexpr std::size_t type_at = 2, value_at = 8;  // within an entry
constexpr unsigned long_type = 4;

/// Numbers of a TIFF file in its own byte order; 0 beyond its end.
class Numbers {
 public:
  explicit Numbers(std::string_view bytes) : bytes_(bytes), little_(bytes.starts_with("II")) {}

  unsigned u16(std::size_t at) const { return number(at, 2); }
  unsigned u32(std::size_t at) const { return number(at, 4); }
  std::size_t size() const { return bytes_.size(); }

 private:
  unsigned number(std::size_t at, std::size_t count) const {
    if (at > bytes_.size() || count > bytes_.size() - at) return 0;
    unsigned value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t next = little_ ? at + count - 1 - i : at + i;
      value = value << 8U | static_cast<unsigned char>(bytes_[next]);
    }
    return value;
  }

  std::string_view bytes_;
  bool little_;
};

}  // namespace

int exif_orientation(std::string_view exif) {
  while (exif.starts_with(exif_name)) exif.remove_prefix(exif_name.size());  // some write it twice
  const Numbers tiff(exif);
  const bool known = exif.starts_with("II") || exif.starts_with("MM");
  if (!known || tiff.u16(2) != 42) return 1;
  const std::size_t directory = tiff.u32(4);
  const unsigned entries = tiff.u16(directory);
  std::size_t at = directory + 2;
  for (unsigned i = 0; i < entries && at + entry_bytes <= tiff.size(); ++i, at += entry_bytes) {
    if (tiff.u16(at) != orientation_tag) continue;
    const bool is_long = tiff.u16(at + type_at) == long_type;
    const unsigned value = is_long ? tiff.u32(at + value_at) : tiff.u16(at + value_at);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace muxnet
