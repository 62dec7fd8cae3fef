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

/// Copies `src` to `dst` (separate memory, storage_size elements of f32 or f64 each), reordering
/// elements and zeroing channel padding. Throws std::invalid_argument for other dtypes, and for
/// layouts other than nchw when `shape` is not 4-D.
void convert_layout(const void* src, Layout from, void* dst, Layout to, const Shape& shape,
                    DType dtype);

}  // namespace muxnet
