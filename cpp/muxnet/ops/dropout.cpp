#include "muxnet/core/error.hpp"
#include "muxnet/ops/define.hpp"
#include "muxnet/ops/operators.hpp"

namespace muxnet {
namespace {

Shape dropout_shape(std::span<const Shape> src, const Attributes& attributes) {
  const double p = attributes.number("p", 0.5);
  require(p >= 0 && p < 1, "dropout", "p in [0, 1)", text(p));
  return src[0];
}

}  // namespace

Operator define_dropout() {
  return {.name = "dropout",
          .shape = dropout_shape,
          .macs = no_macs,
          .parameters = no_parameters,
          .attributes = {"p"}};
}

}  // namespace muxnet
