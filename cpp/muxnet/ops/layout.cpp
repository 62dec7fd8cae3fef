#include "muxnet/ops/layout.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

struct Extents {
  std::int64_t batch, channels, pixels;
};

/// Where element (channel c, pixel p) of one image lies: blocks of `block` channels.
struct Strides {
  std::int64_t block, block_stride, pixel, image;

  Strides(Layout layout, const Extents& e) {
    block = layout == Layout::nhwc ? e.channels : channel_block(layout);
    block_stride = block * e.pixels;
    pixel = block;
    image = (e.channels + block - 1) / block * block_stride;
  }
  std::int64_t channel(std::int64_t c) const { return c / block * block_stride + c % block; }
};

/// What makes elements of other ones.
template <class From, class To>
struct Cast {
  auto operator()(From value) const { return static_cast<Compute<From>>(value); }
};
template <class To>
struct Quantize {
  float scale;
  To operator()(float value) const { return quantized<To>(value, scale); }
};
template <class From>
struct Dequantize {
  float scale;
  float operator()(From value) const { return scale * static_cast<float>(value); }
};

/// Reads runs of pixels and writes runs of channels (or the reverse) within a tile that stays in
/// the first-level cache, whichever of the two sides is the strided one.
template <class From, class To, class Make>
void convert_tile(const From* src, const Strides& from, To* dst, const Strides& to,
                  std::int64_t begin_c, std::int64_t end_c, std::int64_t begin_p,
                  std::int64_t end_p, const Make& make) {
  for (std::int64_t c = begin_c; c < end_c; ++c) {
    const From* const source = src + from.channel(c);
    To* const target = dst + to.channel(c);
    for (std::int64_t p = begin_p; p < end_p; ++p) {
      target[p * to.pixel] = make(source[p * from.pixel]);
    }
  }
}

template <class T>
void zero_padding(T* image, const Strides& to, const Extents& e) {
  const std::int64_t rest = e.channels % to.block;
  if (rest == 0) return;
  T* const last = image + e.channels / to.block * to.block_stride;
  for (std::int64_t p = 0; p < e.pixels; ++p) {
    std::fill(last + p * to.pixel + rest, last + (p + 1) * to.pixel, T{});
  }
}

template <class From, class To, class Make>
void convert(const From* src, Layout from_layout, To* dst, Layout to_layout, const Extents& e,
             const Make& make) {
  constexpr std::int64_t tile_channels = 16, tile_pixels = 64;
  const Strides from(from_layout, e), to(to_layout, e);
  const std::int64_t tiles = (e.channels + tile_channels - 1) / tile_channels;
#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t n = 0; n < e.batch; ++n) {
    for (std::int64_t tile = 0; tile < tiles; ++tile) {
      const std::int64_t begin_c = tile * tile_channels;
      const std::int64_t end_c = std::min(begin_c + tile_channels, e.channels);
      for (std::int64_t p = 0; p < e.pixels; p += tile_pixels) {
        convert_tile(src + n * from.image, from, dst + n * to.image, to, begin_c, end_c, p,
                     std::min(p + tile_pixels, e.pixels), make);
      }
      if (end_c == e.channels) zero_padding(dst + n * to.image, to, e);
    }
  }
}

/// One image of one channel where the shape is not 4-D.
Extents extents(const Shape& shape) {
  if (shape.size() != 4) return {1, 1, volume(shape)};
  return {shape[0], shape[1], shape[2] * shape[3]};
}

template <class From, class To, class Make = Cast<From, To>>
void convert(const void* src, Layout from, void* dst, Layout to, const Shape& shape,
             const Make& make = {}) {
  const auto* const source = static_cast<const From*>(src);
  auto* const target = static_cast<To*>(dst);
  if (from != to) return convert(source, from, target, to, extents(shape), make);
  const std::int64_t elements = storage_size(shape, to);
#pragma omp parallel for simd schedule(static)
  for (std::int64_t i = 0; i < elements; ++i) target[i] = make(source[i]);
}

}  // namespace

std::string_view name_of(Layout layout) {
  switch (layout) {
    case Layout::nchw:
      return "nchw";
    case Layout::nhwc:
      return "nhwc";
    case Layout::nChw8c:
      return "nChw8c";
    case Layout::nChw16c:
      return "nChw16c";
  }
  return "?";
}

std::int64_t channel_block(Layout layout) {
  if (layout == Layout::nChw8c) return 8;
  return layout == Layout::nChw16c ? 16 : 1;
}

std::int64_t storage_size(const Shape& shape, Layout layout) {
  if (layout == Layout::nchw) return volume(shape);
  require(shape.size() == 4, text("layout ", name_of(layout)), "a 4-D shape", to_string(shape));
  const std::int64_t block = channel_block(layout);
  return volume({shape[0], (shape[1] + block - 1) / block * block, shape[2], shape[3]});
}

void convert_format(const void* src, Format from, void* dst, Format to, const Shape& shape) {
  constexpr DType f32 = DType::f32, f64 = DType::f64, bf16 = DType::bf16;
  constexpr DType u8 = DType::u8, s8 = DType::s8;
  storage_size(shape, from.layout);
  const std::int64_t elements = storage_size(shape, to.layout);
  const DType source = from.elements.dtype, target = to.elements.dtype;
  const auto between = [&](DType a, DType b) { return source == a && target == b; };
  if (from == to && source != DType::i32 && source != DType::i64) {
    std::memcpy(dst, src, static_cast<std::size_t>(elements) * size_of(target));
  } else if (between(f32, f32)) {
    convert<float, float>(src, from.layout, dst, to.layout, shape);
  } else if (between(f64, f64)) {
    convert<double, double>(src, from.layout, dst, to.layout, shape);
  } else if (between(f32, bf16)) {
    convert<float, bfloat16>(src, from.layout, dst, to.layout, shape);
  } else if (between(bf16, f32)) {
    convert<bfloat16, float>(src, from.layout, dst, to.layout, shape);
  } else if (between(bf16, bf16)) {
    convert<bfloat16, bfloat16>(src, from.layout, dst, to.layout, shape);
  } else if (between(f32, u8)) {
    convert<float, std::uint8_t>(src, from.layout, dst, to.layout, shape,
                                 Quantize<std::uint8_t>{to.elements.scale});
  } else if (between(f32, s8)) {
    convert<float, std::int8_t>(src, from.layout, dst, to.layout, shape,
                                Quantize<std::int8_t>{to.elements.scale});
  } else if (between(u8, f32)) {
    convert<std::uint8_t, float>(src, from.layout, dst, to.layout, shape,
                                 Dequantize<std::uint8_t>{from.elements.scale});
  } else if (between(s8, f32)) {
    convert<std::int8_t, float>(src, from.layout, dst, to.layout, shape,
                                Dequantize<std::int8_t>{from.elements.scale});
  } else {
    throw std::invalid_argument(error_text("convert_format",
                                           "f32, f64, or f32 to and from bf16, u8 and s8",
                                           text(name_of(source), " to ", name_of(target))));
  }
}

}  // namespace muxnet
