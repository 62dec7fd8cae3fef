#include "muxnet/core/error.hpp"
#include "muxnet/ops/define.hpp"
#include "muxnet/ops/operators.hpp"

namespace muxnet {
namespace {

Shape adaptive_average_pool_shape(std::span<const Shape> src, const Attributes& attributes) {
  require_rank("adaptive_average_pool", src[0], 4);
  const auto [height, width] = attributes.pair("output", 1);
  require(height >= 1 && width >= 1, "adaptive_average_pool", "output of at least 1",
          text("(", height, ", ", width, ")"));
  return {src[0][0], src[0][1], height, width};
}

}  // namespace

Operator define_adaptive_average_pool() {
  return {.name = "adaptive_average_pool",
          .shape = adaptive_average_pool_shape,
          .macs = no_macs,
          .parameters = no_parameters,
          .attributes = {"output"}};
}

}  // namespace muxnet
