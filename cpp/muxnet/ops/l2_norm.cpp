#include "muxnet/core/error.hpp"
#include "muxnet/ops/define.hpp"
#include "muxnet/ops/operators.hpp"

namespace muxnet {
namespace {

Shape l2_norm_shape(std::span<const Shape> src, const Attributes& attributes) {
  require_rank("l2_norm", src[0], 2);
  const std::int64_t groups = attributes.integer("groups", 1);
  require(groups >= 1 && src[0][1] % groups == 0, "l2_norm",
          text("groups that divide the last axis of ", to_string(src[0])), text(groups));
  return src[0];
}

}  // namespace

Operator define_l2_norm() {
  return {.name = "l2_norm",
          .shape = l2_norm_shape,
          .macs = no_macs,
          .parameters = no_parameters,
          .attributes = {"groups"}};
}

}  // namespace muxnet
