#include "muxnet/ops/define.hpp"
#include "muxnet/ops/operators.hpp"

namespace muxnet {
namespace {

Shape softmax_shape(std::span<const Shape> src, const Attributes&) {
  require_rank("softmax", src[0], 2);
  return src[0];
}

}  // namespace

Operator define_softmax() {
  return {.name = "softmax", .shape = softmax_shape, .macs = no_macs, .parameters = no_parameters};
}

}  // namespace muxnet
