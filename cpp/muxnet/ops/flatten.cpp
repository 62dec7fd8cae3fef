#include "muxnet/ops/define.hpp"
#include "muxnet/ops/operators.hpp"

namespace muxnet {
namespace {

Shape flatten_shape(std::span<const Shape> src, const Attributes&) {
  require_rank("flatten", src[0], 4);
  return {src[0][0], src[0][1] * src[0][2] * src[0][3]};
}

}  // namespace

Operator define_flatten() {
  return {.name = "flatten", .shape = flatten_shape, .macs = no_macs, .parameters = no_parameters};
}

}  // namespace muxnet
