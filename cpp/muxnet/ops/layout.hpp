#pragma once

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

/// How a tensor lies in memory.
struct Format {
  Layout layout = Layout::nchw;
  DType dtype = DType::f32;
  bool operator==(const Format&) const = default;
};

/// Copies `src` to `dst` (separate memory, storage_size elements each), reordering and converting
/// elements and zeroing channel padding. Throws std::invalid_argument for dtypes other than f32,
/// f64 or f32 to and from bf16, and for layouts other than nchw when `shape` is not 4-D.
void convert_format(const void* src, Format from, void* dst, Format to, const Shape& shape);

}  // namespace muxnet
