#pragma once

#include <span>
#include <string_view>

#include "muxnet/core/tensor.hpp"
#include "muxnet/ops/attributes.hpp"
#include "muxnet/ops/operator.hpp"

namespace muxnet {

/// Helpers for the files that define operators.

/// Throws std::invalid_argument unless `shape` has `rank` axes.
void require_rank(std::string_view op, const Shape& shape, std::size_t rank);

/// Attribute `name`, which must be set and at least 1.
std::int64_t positive(std::string_view op, const Attributes& attributes, const std::string& name);

/// The shape of an operator that keeps that of its first input.
Shape same_shape(std::span<const Shape> src, const Attributes& attributes);

/// For operators that only move, compare or scale: the convention of torchvision's published
/// numbers, which count convolutions and linear layers alone.
std::int64_t no_macs(std::span<const Shape> src, const Attributes& attributes);

std::vector<ParameterSpec> no_parameters(std::span<const Shape> src, const Attributes& attributes);

/// How a window slides over the last two axes of (B, C, H, W).
struct Window {
  std::int64_t kernel_h = 1, kernel_w = 1;
  std::int64_t stride_h = 1, stride_w = 1;
  std::int64_t padding_h = 0, padding_w = 0;
  std::int64_t dilation_h = 1, dilation_w = 1;
  bool ceil_mode = false;  ///< keep a last window that lies only partly inside

  /// Positions along one axis:
  /// floor((extent + 2 padding - dilation (kernel - 1) - 1) / stride) + 1.
  std::int64_t positions_h(std::int64_t height) const;
  std::int64_t positions_w(std::int64_t width) const;
};

/// The window of a convolution: kernel, stride = 1, padding = 0, dilation = 1.
Window convolution_window(std::string_view op, const Attributes& attributes);

/// The window of a pooling: kernel, stride = kernel, padding = 0 (at most half the kernel),
/// ceil_mode = 0.
Window pooling_window(std::string_view op, const Attributes& attributes);

/// (B, channels, OH, OW) for `src` (B, C, H, W); throws where the window does not fit.
Shape window_shape(std::string_view op, const Shape& src, std::int64_t channels,
                   const Window& window);

}  // namespace muxnet
