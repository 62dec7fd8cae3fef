#include "muxnet/data/image_header.hpp"

#include <zlib.h>

namespace muxnet {
namespace {

using namespace std::string_view_literals;

std::int64_t big_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::int64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value = (value << 8) | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

ImageHeader broken(const char* defect) { return {0, 0, defect}; }

/// SOF0 .. SOF15 without DHT (C4), JPG (C8) and DAC (CC).
bool is_frame(unsigned marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

ImageHeader read_jpeg(std::string_view bytes) {
  ImageHeader header;
  std::size_t at = 2;
  while (at + 4 <= bytes.size()) {
    if (bytes[at] != '\xFF') return broken("a broken JPEG marker");
    const auto marker = static_cast<unsigned char>(bytes[at + 1]);
    if (marker == 0xFF) {  // fill byte
      ++at;
      continue;
    }
    const auto length = static_cast<std::size_t>(big_endian(bytes, at + 2, 2));
    if (length < 2 || at + 2 + length > bytes.size()) return broken("a truncated JPEG");
    if (is_frame(marker)) {
      if (length < 8) return broken("a broken JPEG frame header");
      header.height = big_endian(bytes, at + 5, 2);
      header.width = big_endian(bytes, at + 7, 2);
    }
    at += 2 + length;
    if (marker != 0xDA) continue;
    if (header.width == 0 || header.height == 0) return broken("a JPEG without a size");
    // Entropy-coded data cannot hold FF D9, so one after the scan's start is the end of the image.
    if (bytes.find("\xFF\xD9"sv, at) == bytes.npos) return broken("a truncated JPEG");
    return header;
  }
  return broken("a truncated JPEG");
}

ImageHeader read_png(std::string_view bytes) {
  ImageHeader header;
  std::size_t at = 8;
  while (at + 12 <= bytes.size()) {
    const auto length = static_cast<std::size_t>(big_endian(bytes, at, 4));
    const auto type = bytes.substr(at + 4, 4);
    if (length > bytes.size() - at - 12) return broken("a truncated PNG");
    const auto* checked = reinterpret_cast<const Bytef*>(type.data());
    if (crc32(0, checked, static_cast<uInt>(length + 4)) !=
        static_cast<uLong>(big_endian(bytes, at + 8 + length, 4))) {
      return broken("a damaged PNG");
    }
    if (type == "IHDR"sv && length >= 8) {
      header.width = big_endian(bytes, at + 8, 4);
      header.height = big_endian(bytes, at + 12, 4);
    }
    if (type == "IEND"sv) {
      return header.width > 0 && header.height > 0 ? header : broken("a PNG without a size");
    }
    at += 12 + length;
  }
  return broken("a truncated PNG");
}

}  // namespace

ImageHeader read_image_header(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xD8\xFF"sv)) return read_jpeg(bytes);
  if (bytes.starts_with("\x89PNG\r\n\x1A\n"sv)) return read_png(bytes);
  return broken(bytes.empty() ? "an empty file" : "another kind of file");
}

}  // namespace muxnet
