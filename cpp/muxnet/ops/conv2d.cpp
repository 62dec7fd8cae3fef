#include "muxnet/core/error.hpp"
#include "muxnet/ops/define.hpp"
#include "muxnet/ops/operators.hpp"

namespace muxnet {
namespace {

Shape conv2d_shape(std::span<const Shape> src, const Attributes& attributes) {
  require_rank("conv2d", src[0], 4);
  const std::int64_t channels = positive("conv2d", attributes, "channels");
  const std::int64_t groups = attributes.integer("groups", 1);
  require(groups >= 1 && channels % groups == 0 && src[0][1] % groups == 0, "conv2d",
          text("groups that divide ", src[0][1], " input and ", channels, " output channels"),
          text(groups));
  return window_shape("conv2d", src[0], channels, convolution_window("conv2d", attributes));
}

Shape weight_shape(const Shape& src, const Shape& dst, const Attributes& attributes) {
  const Window window = convolution_window("conv2d", attributes);
  return {dst[1], src[1] / attributes.integer("groups", 1), window.kernel_h, window.kernel_w};
}

std::int64_t conv2d_macs(std::span<const Shape> src, const Attributes& attributes) {
  const Shape dst = conv2d_shape(src, attributes);
  const Shape weight = weight_shape(src[0], dst, attributes);
  return volume(dst) * (volume(weight) / weight[0]);
}

std::vector<ParameterSpec> conv2d_parameters(std::span<const Shape> src,
                                             const Attributes& attributes) {
  const Shape dst = conv2d_shape(src, attributes);
  const Shape weight = weight_shape(src[0], dst, attributes);
  // Each input reaches only the outputs of its own group.
  const std::int64_t fan_out = weight[0] * weight[2] * weight[3] / attributes.integer("groups", 1);
  std::vector<ParameterSpec> result;
  result.push_back({.name = "weight",
                    .shape = weight,
                    .init = Init::kaiming_normal_fan_out,
                    .fan = fan_out,
                    .decay = true});
  if (attributes.integer("bias", 0) != 0) {
    result.push_back({.name = "bias", .shape = {weight[0]}, .init = Init::zeros});
  }
  return result;
}

}  // namespace

Operator define_conv2d() {
  return {.name = "conv2d",
          .shape = conv2d_shape,
          .macs = conv2d_macs,
          .parameters = conv2d_parameters,
          .attributes = {"channels", "kernel", "stride", "padding", "dilation", "groups", "bias",
                         "relu"}};
}

}  // namespace muxnet
