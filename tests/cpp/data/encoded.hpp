#pragma once

#include <zlib.h>

#include <cstdint>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

namespace muxnet::testing {

inline std::string big_endian(std::uint32_t value, int bytes) {
  std::string result;
  for (int i = bytes - 1; i >= 0; --i) result += static_cast<char>(value >> (8 * i));
  return result;
}

inline std::string encode(const cv::Mat& image, const std::string& ending,
                          const std::vector<int>& settings = {}) {
  std::vector<std::uint8_t> bytes;
  cv::imencode(ending, image, bytes, settings);
  return {bytes.begin(), bytes.end()};
}

// Images by hand, all in grey of which nothing is coded but that: each code is a single 0.

inline std::string segment(unsigned marker, const std::string& content) {
  return big_endian(0xFF00U | marker, 2) +
         big_endian(static_cast<std::uint32_t>(content.size() + 2), 2) + content;
}

inline std::string huffman_table(char which, char symbol) {
  return segment(0xC4, std::string(1, which) + '\1' + std::string(15, '\0') + symbol);
}

inline std::string scan(char first, char last, const std::string& codes) {
  return segment(0xDA, std::string("\1\1\0", 3) + first + last + '\0') + codes;
}

inline const std::string jpeg_begin = "\xFF\xD8";
inline const std::string jpeg_end = "\xFF\xD9";

/// What comes before the first scan; `frame`: 0xC0 baseline, 0xC2 progressive, 0xC9 arithmetic.
inline std::string jpeg_head(unsigned frame, unsigned width, unsigned height, char ac_symbol = 0) {
  const std::string size = big_endian(height, 2) + big_endian(width, 2);
  return segment(0xDB, std::string(1, '\0') + std::string(64, '\1')) +
         segment(frame, "\x08" + size + std::string("\1\1\x11\0", 4)) + huffman_table(0, 0) +
         huffman_table(0x10, ac_symbol);
}

inline std::string jpeg(unsigned width, unsigned height, std::size_t code_bytes,
                        unsigned frame = 0xC0) {
  return jpeg_begin + jpeg_head(frame, width, height) + scan(0, 63, std::string(code_bytes, '\0')) +
         jpeg_end;
}

inline const std::string png_begin = "\x89PNG\r\n\x1A\n";

inline std::string chunk(const std::string& type, const std::string& content) {
  const std::string checked = type + content;
  const auto sum =
      crc32(0, reinterpret_cast<const Bytef*>(checked.data()), static_cast<uInt>(checked.size()));
  return big_endian(static_cast<std::uint32_t>(content.size()), 4) + checked +
         big_endian(static_cast<std::uint32_t>(sum), 4);
}

inline std::string deflated(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string result(size, '\0');
  compress2(reinterpret_cast<Bytef*>(result.data()), &size,
            reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), 9);
  result.resize(size);
  return result;
}

inline std::string png_header(unsigned width, unsigned height, char bits = 1) {
  return chunk("IHDR", big_endian(width, 4) + big_endian(height, 4) + bits + std::string(4, '\0'));
}

inline const std::string png_end = chunk("IEND", "");

/// One bit per pixel, all black.
inline std::string png_data(unsigned width, unsigned height) {
  return chunk("IDAT", deflated(std::string(std::size_t{1 + (width + 7) / 8} * height, '\0')));
}

}  // namespace muxnet::testing
