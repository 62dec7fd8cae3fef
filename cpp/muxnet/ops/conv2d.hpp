#pragma once

#include <cstdint>

#include "muxnet/ops/activation.hpp"
#include "muxnet/ops/define.hpp"
#include "muxnet/ops/kernel.hpp"

namespace muxnet {

/// The numbers of one conv2d, as its kernels need them.
struct Conv2dGeometry {
  explicit Conv2dGeometry(const KernelSpec& spec);

  std::int64_t dst_pixels() const { return dst_h * dst_w; }
  std::int64_t group_inputs() const { return src_c / groups; }
  std::int64_t group_outputs() const { return dst_c / groups; }
  /// Weights of one output channel.
  std::int64_t taps() const { return group_inputs() * window.kernel_h * window.kernel_w; }
  /// Index of output (image n, channel o, pixel) in plain layout.
  std::int64_t output(std::int64_t n, std::int64_t o, std::int64_t pixel) const {
    return (n * dst_c + o) * dst_pixels() + pixel;
  }

  Window window;
  std::int64_t batch, src_c, src_h, src_w, dst_c, dst_h, dst_w, groups;
  bool bias;
  Activation activation;
  bool residual;  ///< a second input of dst's shape is added before the activation
};

}  // namespace muxnet
