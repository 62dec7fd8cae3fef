#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "muxnet/core/bfloat16.hpp"

namespace muxnet {

/// Extents, outermost first; images are NCHW.
using Shape = std::vector<std::int64_t>;

/// As many as NumPy's arrays have.
inline constexpr std::size_t max_axes = 32;

/// Number of elements; 1 for the empty shape. Throws std::invalid_argument on more than max_axes,
/// a negative extent or a product that does not fit.
std::int64_t volume(const Shape& shape);

/// "(128, 3, 32, 32)"; of more than max_axes the first.
std::string to_string(const Shape& shape);

enum class DType : std::uint8_t { f32, f64, u8, s8, i32, i64, bf16 };

std::size_t size_of(DType dtype);
std::string_view name_of(DType dtype);

template <class T>
constexpr DType dtype_of();
template <>
constexpr DType dtype_of<float>() {
  return DType::f32;
}
template <>
constexpr DType dtype_of<double>() {
  return DType::f64;
}
template <>
constexpr DType dtype_of<bfloat16>() {
  return DType::bf16;
}
template <>
constexpr DType dtype_of<std::uint8_t>() {
  return DType::u8;
}
template <>
constexpr DType dtype_of<std::int8_t>() {
  return DType::s8;
}
template <>
constexpr DType dtype_of<std::int32_t>() {
  return DType::i32;
}
template <>
constexpr DType dtype_of<std::int64_t>() {
  return DType::i64;
}

/// A dense row-major array, 64-byte aligned when owned. Copies share the memory; clone() does not.
class Tensor {
 public:
  Tensor() = default;

  /// Owns zeroed memory.
  explicit Tensor(Shape shape, DType dtype = DType::f32);

  /// Views foreign memory without a copy; `owner` keeps it alive. Throws std::invalid_argument on
  /// a null pointer for a shape that has elements.
  static Tensor borrow(void* data, Shape shape, DType dtype, std::shared_ptr<void> owner);

  /// Copies `values` into a new tensor of `shape`.
  template <class T>
  static Tensor from(const std::vector<T>& values, Shape shape) {
    Tensor result(std::move(shape), dtype_of<T>());
    result.assign(values.data(), values.size() * sizeof(T));
    return result;
  }

  const Shape& shape() const { return shape_; }
  /// Extent of one axis; throws std::out_of_range.
  std::int64_t dim(std::size_t axis) const;
  DType dtype() const { return dtype_; }
  std::int64_t size() const { return size_; }
  std::size_t bytes() const { return static_cast<std::size_t>(size_) * size_of(dtype_); }
  bool empty() const { return size_ == 0; }

  void* raw() { return data_; }
  const void* raw() const { return data_; }

  /// Typed access; throws std::invalid_argument when T is not the tensor's dtype.
  template <class T>
  T* data() {
    check_dtype(dtype_of<T>());
    return static_cast<T*>(data_);
  }
  template <class T>
  const T* data() const {
    check_dtype(dtype_of<T>());
    return static_cast<const T*>(data_);
  }
  template <class T>
  std::span<T> span() {
    return {data<T>(), static_cast<std::size_t>(size_)};
  }
  template <class T>
  std::span<const T> span() const {
    return {data<T>(), static_cast<std::size_t>(size_)};
  }

  Tensor clone() const;

  /// The same memory under another shape of equal volume.
  Tensor reshaped(Shape shape) const;

  /// Rows [begin, end) of the first axis, sharing memory.
  Tensor rows(std::int64_t begin, std::int64_t end) const;

  /// Copies of the rows named, in that order. Throws std::out_of_range for a row that is not there.
  Tensor gather(std::span<const std::int64_t> rows) const;
  /// The same into memory that is there: `dst` has this dtype and rows.size() such rows.
  void gather_into(std::span<const std::int64_t> rows, Tensor& dst) const;

 private:
  void describe(Shape shape, DType dtype);
  void check_dtype(DType wanted) const;
  void assign(const void* values, std::size_t bytes);

  std::shared_ptr<void> owner_;
  void* data_ = nullptr;
  Shape shape_;
  DType dtype_ = DType::f32;
  std::int64_t size_ = 0;
};

/// Zeroed memory aligned to 64 bytes.
std::shared_ptr<void> allocate_aligned(std::size_t bytes);

}  // namespace muxnet
