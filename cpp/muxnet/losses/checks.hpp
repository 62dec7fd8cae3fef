#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "muxnet/core/error.hpp"
#include "muxnet/core/tensor.hpp"

namespace muxnet::losses {

/// Calls f(float{}) or f(double{}), whichever `dtype` is; std::invalid_argument on another one.
template <class Function>
decltype(auto) with_float_type(DType dtype, std::string_view where, Function&& f) {
  if (dtype == DType::f64) return f(double{});
  require(dtype == DType::f32, where, "a tensor of f32 or f64", name_of(dtype));
  return f(float{});
}

/// Each throws std::invalid_argument unless `tensor` is what its name says. -1 stands for any
/// extent of at least 1.
void require_shape(const Tensor& tensor, const Shape& wanted, std::string_view where,
                   std::string_view name);
void require_dtype(const Tensor& tensor, DType wanted, std::string_view where,
                   std::string_view name);
/// i32 labels of shape (batch), each in [0, classes).
void require_labels(const Tensor& labels, std::int64_t batch, std::int64_t classes,
                    std::string_view where);
/// At least one tensor, all of the first one's shape (batch, width) and dtype.
void require_alike(std::span<const Tensor> tensors, std::string_view where, std::string_view name);

}  // namespace muxnet::losses
