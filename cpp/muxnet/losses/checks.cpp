#include "muxnet/losses/checks.hpp"

#include <string>

namespace muxnet::losses {
namespace {

bool fits(const Shape& shape, const Shape& wanted) {
  if (shape.size() != wanted.size()) return false;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (wanted[axis] < 0 ? shape[axis] < 1 : shape[axis] != wanted[axis]) return false;
  }
  return true;
}

std::string pattern(const Shape& wanted) {
  std::string result = "(";
  for (std::size_t axis = 0; axis < wanted.size(); ++axis) {
    if (axis > 0) result += ", ";
    result += wanted[axis] < 0 ? "at least 1" : std::to_string(wanted[axis]);
  }
  return result + ")";
}

}  // namespace

void require_shape(const Tensor& tensor, const Shape& wanted, std::string_view where,
                   std::string_view name) {
  if (fits(tensor.shape(), wanted)) return;
  require(false, where, text(name, " of shape ", pattern(wanted)), to_string(tensor.shape()));
}

void require_dtype(const Tensor& tensor, DType wanted, std::string_view where,
                   std::string_view name) {
  if (tensor.dtype() == wanted) return;
  require(false, where, text(name, " of ", name_of(wanted)), name_of(tensor.dtype()));
}

void require_labels(const Tensor& labels, std::int64_t batch, std::int64_t classes,
                    std::string_view where) {
  require_shape(labels, {batch}, where, "labels");
  require_dtype(labels, DType::i32, where, "labels");
  const auto values = labels.span<std::int32_t>();
  for (std::size_t b = 0; b < values.size(); ++b) {
    if (values[b] >= 0 && values[b] < classes) continue;
    require(false, where, text("labels in [0, ", classes, ')'),
            text("label ", values[b], " at index ", b));
  }
}

void require_alike(std::span<const Tensor> tensors, std::string_view where, std::string_view name) {
  require(!tensors.empty(), where, text("at least one tensor of ", name), "none");
  require_shape(tensors.front(), {-1, -1}, where, name);
  for (const auto& tensor : tensors) {
    require_shape(tensor, tensors.front().shape(), where, name);
    require_dtype(tensor, tensors.front().dtype(), where, name);
  }
}

}  // namespace muxnet::losses
