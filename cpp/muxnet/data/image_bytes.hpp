#pragma once

#include <cstdint>
#include <string_view>

#include "muxnet/data/image_formats.hpp"

namespace muxnet {

/// An image's bytes in their order. Every read throws FileError at their end.
class ImageBytes {
 public:
  /// `kind` is what is then called truncated.
  ImageBytes(const EncodedImage& image, std::string_view kind);

  unsigned u8();
  /// Of the byte order of the kind: GIF, BMP and WebP have the lowest first.
  unsigned u16();
  std::uint32_t u24();
  std::uint32_t u32();
  void skip(std::size_t count);
  void seek(std::size_t at);

  void highest_first() { highest_first_ = true; }
  std::string_view rest() const { return image_.bytes.substr(at_); }

 private:
  std::uint32_t number(int count);

  const EncodedImage& image_;
  std::string_view kind_;
  std::size_t at_ = 0;
  bool highest_first_ = false;
};

}  // namespace muxnet
