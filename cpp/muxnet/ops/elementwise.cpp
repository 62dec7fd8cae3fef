#include "muxnet/core/error.hpp"
#include "muxnet/ops/define.hpp"
#include "muxnet/ops/operators.hpp"

namespace muxnet {
namespace {

Shape add_shape(std::span<const Shape> src, const Attributes&) {
  require(src[0] == src[1], "add", text("a second input of shape ", to_string(src[0])),
          to_string(src[1]));
  return src[0];
}

Operator unary(const char* name) {
  return {.name = name, .shape = same_shape, .macs = no_macs, .parameters = no_parameters};
}

}  // namespace

Operator define_relu() { return unary("relu"); }
Operator define_relu6() { return unary("relu6"); }
Operator define_sigmoid() { return unary("sigmoid"); }

Operator define_add() {
  return {.name = "add",
          .inputs = 2,
          .shape = add_shape,
          .macs = no_macs,
          .parameters = no_parameters,
          .attributes = {"relu"}};
}

}  // namespace muxnet
