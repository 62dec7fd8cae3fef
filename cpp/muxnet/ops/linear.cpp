#include "muxnet/ops/define.hpp"
#include "muxnet/ops/operators.hpp"

namespace muxnet {
namespace {

Shape linear_shape(std::span<const Shape> src, const Attributes& attributes) {
  require_rank("linear", src[0], 2);
  return {src[0][0], positive("linear", attributes, "features")};
}

std::int64_t linear_macs(std::span<const Shape> src, const Attributes& attributes) {
  return volume(linear_shape(src, attributes)) * src[0][1];
}

std::vector<ParameterSpec> linear_parameters(std::span<const Shape> src,
                                             const Attributes& attributes) {
  const std::int64_t features = linear_shape(src, attributes)[1], inputs = src[0][1];
  std::vector<ParameterSpec> result;
  result.push_back({.name = "weight",
                    .shape = {features, inputs},
                    .init = Init::kaiming_uniform,
                    .fan = inputs,
                    .decay = true});
  if (attributes.integer("bias", 1) != 0) {
    result.push_back(
        {.name = "bias", .shape = {features}, .init = Init::kaiming_uniform, .fan = inputs});
  }
  return result;
}

}  // namespace

Operator define_linear() {
  return {.name = "linear",
          .shape = linear_shape,
          .macs = linear_macs,
          .parameters = linear_parameters,
          .attributes = {"features", "bias"}};
}

}  // namespace muxnet
