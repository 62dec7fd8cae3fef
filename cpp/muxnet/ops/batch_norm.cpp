#include "muxnet/core/error.hpp"
#include "muxnet/ops/define.hpp"
#include "muxnet/ops/operators.hpp"

namespace muxnet {
namespace {

Shape batch_norm_shape(std::span<const Shape> src, const Attributes& attributes) {
  require(src[0].size() == 4 || src[0].size() == 2, "batch_norm", "an input of 2 or 4 axes",
          to_string(src[0]));
  const double eps = attributes.number("eps", 1e-5);
  require(eps > 0, "batch_norm", "eps above 0", text(eps));
  const double momentum = attributes.number("momentum", 0.1);
  require(momentum >= 0 && momentum <= 1, "batch_norm", "momentum in [0, 1]", text(momentum));
  return src[0];
}

std::vector<ParameterSpec> batch_norm_parameters(std::span<const Shape> src, const Attributes&) {
  const Shape channels{src[0][1]};
  return {{.name = "weight", .shape = channels, .init = Init::ones},
          {.name = "bias", .shape = channels, .init = Init::zeros},
          {.name = "running_mean", .shape = channels, .init = Init::zeros, .trainable = false},
          {.name = "running_var", .shape = channels, .init = Init::ones, .trainable = false}};
}

}  // namespace

Operator define_batch_norm() {
  return {.name = "batch_norm",
          .shape = batch_norm_shape,
          .macs = no_macs,
          .parameters = batch_norm_parameters,
          .attributes = {"eps", "momentum", "relu"}};
}

}  // namespace muxnet
