#include "muxnet/core/tensor.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>

#include "muxnet/core/error.hpp"

namespace muxnet {

std::int64_t volume(const Shape& shape) {
  if (shape.size() > max_axes) {
    require(false, "shape", text("at most ", max_axes, " axes"), text(shape.size()));
  }
  std::int64_t result = 1;
  for (const auto extent : shape) {
    if (extent < 0) require(false, "shape", "extents of at least 0", to_string(shape));
    if (__builtin_mul_overflow(result, extent, &result)) {
      require(false, "shape", "a product below 2^63", to_string(shape));
    }
  }
  return result;
}

std::string to_string(const Shape& shape) {
  std::string result = "(";
  for (std::size_t i = 0; i < std::min(shape.size(), max_axes); ++i) {
    if (i > 0) result += ", ";
    result += std::to_string(shape[i]);
  }
  return result + (shape.size() > max_axes ? text(", ... ", shape.size(), " axes)") : ")");
}

std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return 4;
    case DType::f64:
      return 8;
    case DType::u8:
    case DType::s8:
      return 1;
    case DType::i32:
      return 4;
    case DType::i64:
      return 8;
    case DType::bf16:
      return 2;
  }
  return 0;
}

std::string_view name_of(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return "f32";
    case DType::f64:
      return "f64";
    case DType::u8:
      return "u8";
    case DType::s8:
      return "s8";
    case DType::i32:
      return "i32";
    case DType::i64:
      return "i64";
    case DType::bf16:
      return "bf16";
  }
  return "unknown";
}

std::shared_ptr<void> allocate_aligned(std::size_t bytes) {
  constexpr std::size_t alignment = 64;
  if (bytes > std::numeric_limits<std::size_t>::max() - alignment) throw std::bad_alloc();
  // calloc knows which pages are fresh from the system, and thus zero without being written.
  void* const memory = std::calloc(bytes + alignment, 1);
  if (memory == nullptr) throw std::bad_alloc();
  void* aligned = memory;
  std::size_t room = bytes + alignment;
  std::align(alignment, bytes, aligned, room);
  return {aligned, [memory](void*) { std::free(memory); }};
}

Tensor::Tensor(Shape shape, DType dtype) {
  describe(std::move(shape), dtype);
  owner_ = allocate_aligned(bytes());
  data_ = owner_.get();
}

Tensor Tensor::borrow(void* data, Shape shape, DType dtype, std::shared_ptr<void> owner) {
  Tensor result;
  result.describe(std::move(shape), dtype);
  require(data != nullptr || result.empty(), "tensor.borrow",
          text("memory for ", to_string(result.shape_)), "a null pointer");
  result.data_ = data;
  result.owner_ = std::move(owner);
  return result;
}

void Tensor::describe(Shape shape, DType dtype) {
  size_ = volume(shape);
  std::int64_t bytes = 0;
  require(!__builtin_mul_overflow(size_, static_cast<std::int64_t>(size_of(dtype)), &bytes),
          "tensor", "a size in bytes below 2^63", to_string(shape));
  shape_ = std::move(shape);
  dtype_ = dtype;
}

std::int64_t Tensor::dim(std::size_t axis) const {
  if (axis < shape_.size()) return shape_[axis];
  throw std::out_of_range(
      error_text("tensor.dim", text("an axis of ", to_string(shape_)), text(axis)));
}

Tensor Tensor::clone() const {
  if (data_ == nullptr) return *this;
  Tensor result(shape_, dtype_);
  result.assign(data_, bytes());
  return result;
}

Tensor Tensor::reshaped(Shape shape) const {
  require(volume(shape) == size_, "tensor.reshaped", text("a shape of ", size_, " elements"),
          to_string(shape));
  return borrow(data_, std::move(shape), dtype_, owner_);
}

Tensor Tensor::rows(std::int64_t begin, std::int64_t end) const {
  require(!shape_.empty() && 0 <= begin && begin <= end && end <= shape_.front(), "tensor.rows",
          text("0 <= begin <= end <= rows of ", to_string(shape_)),
          text('[', begin, ", ", end, ')'));
  Shape shape = shape_;
  shape.front() = end - begin;
  const std::int64_t row = shape_.front() == 0 ? 0 : size_ / shape_.front();
  auto* start =
      static_cast<std::byte*>(data_) + static_cast<std::size_t>(begin * row) * size_of(dtype_);
  return borrow(start, std::move(shape), dtype_, owner_);
}

Tensor Tensor::gather(std::span<const std::int64_t> rows) const {
  dim(0);  // throws where there are no rows
  Shape shape = shape_;
  shape.front() = static_cast<std::int64_t>(rows.size());
  Tensor result(std::move(shape), dtype_);
  gather_into(rows, result);
  return result;
}

void Tensor::gather_into(std::span<const std::int64_t> rows, Tensor& dst) const {
  Shape wanted = shape_;
  dim(0);
  wanted.front() = static_cast<std::int64_t>(rows.size());
  require(dst.shape_ == wanted && dst.dtype_ == dtype_, "tensor.gather",
          text(name_of(dtype_), " ", to_string(wanted)),
          text(name_of(dst.dtype_), " ", to_string(dst.shape_)));
  const std::size_t width = shape_.front() == 0 ? 0 : bytes() / static_cast<std::size_t>(dim(0));
  const auto* from = static_cast<const std::byte*>(data_);
  auto* to = static_cast<std::byte*>(dst.data_);
  for (const std::int64_t row : rows) {
    if (row < 0 || row >= shape_.front()) {
      throw std::out_of_range(
          error_text("tensor.gather", text("rows of ", to_string(shape_)), text("row ", row)));
    }
    std::memcpy(to, from + static_cast<std::size_t>(row) * width, width);
    to += width;
  }
}

void Tensor::check_dtype(DType wanted) const {
  require(dtype_ == wanted, "tensor.data", name_of(wanted), name_of(dtype_));
}

void Tensor::assign(const void* values, std::size_t count) {
  require(count == bytes(), "tensor", text(bytes(), " bytes for ", to_string(shape_)),
          text(count, " bytes"));
  if (count > 0) std::memcpy(data_, values, count);
}

}  // namespace muxnet
