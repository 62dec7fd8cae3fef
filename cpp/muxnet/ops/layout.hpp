#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "muxnet/core/tensor.hpp"

namespace muxnet {

/// Order of a tensor's elements in memory. nChwBc holds channels in blocks of B (the last block
/// padded with zeros), as vector units want them; everything that is not 4-D is nchw, i.e. plain.
enum class Layout : std::uint8_t { nchw, nhwc, nChw8c, nChw16c };

std::string_view name_of(Layout layout);

/// Channels per block: 1 for the two unblocked layouts.
std::int64_t channel_block(Layout layout);

/// Elements that a tensor of `shape` occupies in `layout`, padding included.
std::int64_t storage_size(const Shape& shape, Layout layout);

/// What a tensor's elements are. One of u8 or s8 stands for the number scale * element.
struct Elements {
  DType dtype = DType::f32;
  float scale = 1;
  bool operator==(const Elements&) const = default;
};

/// How a tensor lies in memory.
struct Format {
  Layout layout = Layout::nchw;
  Elements elements = {};
  bool operator==(const Format&) const = default;
};

/// The greatest element of a dtype of integers of 8 bits; s8 has its negative as the smallest.
constexpr float greatest(DType dtype) { return dtype == DType::u8 ? 255.0F : 127.0F; }

/// The element nearest to `value` / `scale`, ties to even, cut off at the least and the greatest.
template <class T>
T quantized(float value, float scale) {
  constexpr float most = greatest(dtype_of<T>()), least = dtype_of<T>() == DType::u8 ? 0 : -most;
  return static_cast<T>(std::min(most, std::max(least, std::rint(value / scale))));
}

/// Copies `src` to `dst` (separate memory, storage_size elements each), reordering and converting
/// elements and zeroing channel padding. Throws std::invalid_argument for dtypes other than f32,
/// f64, or f32 to and from bf16, u8 and s8, and for layouts other than nchw when `shape` is not
/// 4-D.
void convert_format(const void* src, Format from, void* dst, Format to, const Shape& shape);

}  // namespace muxnet
