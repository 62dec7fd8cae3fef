#include "muxnet/onnx/read_value.hpp"

#include <algorithm>

#include "muxnet/core/error.hpp"
#include "muxnet/onnx/protobuf.hpp"
#include "muxnet/onnx/tensor_check.hpp"
#include "muxnet/onnx/value_types.hpp"

namespace muxnet {
namespace {

using namespace protobuf;

Shape read_shape(std::string_view bytes) {
  Shape shape;
  Fields fields(bytes);
  while (const auto field = fields.next()) {
    if (!field->holds(1)) continue;
    std::int64_t extent = 0;
    Fields axis(field->bytes);
    while (const auto part = axis.next()) {
      if (part->counts(1)) extent = static_cast<std::int64_t>(part->value);
    }
    shape.push_back(std::max<std::int64_t>(extent, 0));  // some write -1 for a free one
    require(shape.size() <= max_axes, "ONNX", text("at most ", max_axes, " axes"), "more");
  }
  volume(shape);
  return shape;
}

void read_tensor_type(std::string_view type, OnnxValue& value) {
  Fields fields(type);
  while (const auto field = fields.next()) {
    if (field->counts(1)) {
      const auto number = static_cast<std::int64_t>(field->value);
      const ElementType* known = element_type(number);
      value.dtype = known == nullptr ? text("type ", number) : std::string(known->name);
    }
    if (field->holds(2)) value.shape = read_shape(field->bytes);
  }
}

void read_type(std::string_view type, OnnxValue& value) {
  Fields fields(type);
  while (const auto field = fields.next()) {
    if (field->holds(1)) read_tensor_type(field->bytes, value);
    if (field->holds(4)) value.dtype = "sequence";
    if (field->holds(5)) value.dtype = "map";
    if (field->holds(8)) value.dtype = "sparse";
    if (field->holds(9)) value.dtype = "optional";
  }
}

}  // namespace

OnnxValue read_value(std::string_view bytes) {
  OnnxValue value;
  Fields fields(bytes);
  while (const auto field = fields.next()) {
    if (field->holds(1)) value.name = field->bytes;
    if (field->holds(2)) read_type(field->bytes, value);
  }
  return value;
}

}  // namespace muxnet
