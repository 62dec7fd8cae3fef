#include "muxnet/ops/define.hpp"
#include "muxnet/ops/operators.hpp"

namespace muxnet {
namespace {

Shape pool_shape(const char* op, std::span<const Shape> src, const Attributes& attributes) {
  require_rank(op, src[0], 4);
  return window_shape(op, src[0], src[0][1], pooling_window(op, attributes));
}

Shape max_pool_shape(std::span<const Shape> src, const Attributes& attributes) {
  return pool_shape("max_pool", src, attributes);
}

Shape average_pool_shape(std::span<const Shape> src, const Attributes& attributes) {
  return pool_shape("average_pool", src, attributes);
}

}  // namespace

Operator define_max_pool() {
  return {.name = "max_pool",
          .shape = max_pool_shape,
          .macs = no_macs,
          .parameters = no_parameters,
          .attributes = {"kernel", "stride", "padding", "ceil_mode"}};
}

Operator define_average_pool() {
  return {.name = "average_pool",
          .shape = average_pool_shape,
          .macs = no_macs,
          .parameters = no_parameters,
          .attributes = {"kernel", "stride", "padding", "count_include_pad"}};
}

}  // namespace muxnet
