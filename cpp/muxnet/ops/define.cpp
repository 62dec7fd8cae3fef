#include "muxnet/ops/define.hpp"

#include <algorithm>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

std::int64_t positions(std::int64_t extent, std::int64_t kernel, std::int64_t stride,
                       std::int64_t padding, std::int64_t dilation, bool ceil_mode) {
  const std::int64_t span = extent + 2 * padding - dilation * (kernel - 1) - 1;
  if (span < 0) return 0;
  std::int64_t count = (span + (ceil_mode ? stride - 1 : 0)) / stride + 1;
  // As PyTorch: a window must not start in the padding behind the image.
  if (ceil_mode && (count - 1) * stride >= extent + padding) --count;
  return count;
}

void require_at_least(std::string_view op, std::string_view name, std::int64_t least,
                      std::pair<std::int64_t, std::int64_t> value) {
  require(std::min(value.first, value.second) >= least, op, text(name, " of at least ", least),
          text("(", value.first, ", ", value.second, ")"));
}

}  // namespace

void require_rank(std::string_view op, const Shape& shape, std::size_t rank) {
  require(shape.size() == rank, op, text("an input of ", rank, " axes"), to_string(shape));
}

std::int64_t positive(std::string_view op, const Attributes& attributes, const std::string& name) {
  require(attributes.has(name), op, text("attribute ", name), "none");
  const std::int64_t value = attributes.integer(name, 0);
  require(value >= 1, op, text(name, " of at least 1"), text(value));
  return value;
}

Shape same_shape(std::span<const Shape> src, const Attributes&) { return src[0]; }

std::int64_t no_macs(std::span<const Shape>, const Attributes&) { return 0; }

std::vector<ParameterSpec> no_parameters(std::span<const Shape>, const Attributes&) { return {}; }

std::int64_t Window::positions_h(std::int64_t height) const {
  return positions(height, kernel_h, stride_h, padding_h, dilation_h, ceil_mode);
}

std::int64_t Window::positions_w(std::int64_t width) const {
  return positions(width, kernel_w, stride_w, padding_w, dilation_w, ceil_mode);
}

Window convolution_window(std::string_view op, const Attributes& attributes) {
  require(attributes.has("kernel"), op, "attribute kernel", "none");
  const auto kernel = attributes.pair("kernel", 1);
  const auto stride = attributes.pair("stride", 1);
  const auto padding = attributes.pair("padding", 0);
  const auto dilation = attributes.pair("dilation", 1);
  require_at_least(op, "kernel", 1, kernel);
  require_at_least(op, "stride", 1, stride);
  require_at_least(op, "padding", 0, padding);
  require_at_least(op, "dilation", 1, dilation);
  return {kernel.first,  kernel.second,  stride.first,   stride.second,
          padding.first, padding.second, dilation.first, dilation.second};
}

Window pooling_window(std::string_view op, const Attributes& attributes) {
  Window window = convolution_window(op, attributes);
  if (!attributes.has("stride")) {
    window.stride_h = window.kernel_h;
    window.stride_w = window.kernel_w;
  }
  require(2 * window.padding_h <= window.kernel_h && 2 * window.padding_w <= window.kernel_w, op,
          text("padding of at most half the kernel (", window.kernel_h, ", ", window.kernel_w, ")"),
          text("(", window.padding_h, ", ", window.padding_w, ")"));
  window.ceil_mode = attributes.integer("ceil_mode", 0) != 0;
  return window;
}

Shape window_shape(std::string_view op, const Shape& src, std::int64_t channels,
                   const Window& window) {
  const std::int64_t height = window.positions_h(src[2]), width = window.positions_w(src[3]);
  require(height >= 1 && width >= 1, op,
          text("an input of at least the kernel's extent (",
               window.dilation_h * (window.kernel_h - 1) + 1 - 2 * window.padding_h, ", ",
               window.dilation_w * (window.kernel_w - 1) + 1 - 2 * window.padding_w, ")"),
          to_string(src));
  return {src[0], channels, height, width};
}

}  // namespace muxnet
