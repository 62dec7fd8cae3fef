#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include "core_interpreter.hpp"
#include "muxnet/core/tensor.hpp"

// NumPy arrays in and out as muxnet::Tensor, without a copy where they are contiguous.
namespace muxnet::python {

namespace py = pybind11;

/// Views a contiguous array of a supported dtype; copies others into such a one (int64 labels stay
/// int64: as_labels makes them i32).
inline Tensor to_tensor(py::array array) {
  const bool plain = Py_TYPE(array.ptr()) == py::detail::npy_api::get().PyArray_Type_;
  if (!plain && py::module_::import("numpy").attr("ma").attr("is_masked")(array).cast<bool>()) {
    throw py::value_error("[array] expected a value everywhere, received masked ones");
  }
  const auto view = [&](DType dtype) {
    array = py::array::ensure(array, py::array::c_style);
    if (!array) throw py::error_already_set();
    Shape shape(array.shape(), array.shape() + array.ndim());
    // The array may be released by a thread without the GIL.
    auto owner = std::shared_ptr<void>(new py::array(array), [](void* held) {
      if (!interpreter_runs()) return;
      const AcquireGil gil;
      delete static_cast<py::array*>(held);
    });
    return Tensor::borrow(const_cast<void*>(array.data()), std::move(shape), dtype, owner);
  };
  const py::dtype dtype = array.dtype();
  if (dtype.equal(py::dtype::of<float>())) return view(DType::f32);
  if (dtype.equal(py::dtype::of<double>())) return view(DType::f64);
  if (dtype.equal(py::dtype::of<std::uint8_t>())) return view(DType::u8);
  if (dtype.equal(py::dtype::of<std::int32_t>())) return view(DType::i32);
  if (dtype.equal(py::dtype::of<std::int64_t>())) return view(DType::i64);
  throw py::value_error(
      "[array] expected dtype float32, float64, uint8, int32 or int64, received " +
      py::str(dtype).cast<std::string>());
}

/// A view that shares the tensor's memory.
inline py::array to_array(const Tensor& tensor) {
  const py::dtype dtype = [&] {
    switch (tensor.dtype()) {
      case DType::f32:
        return py::dtype::of<float>();
      case DType::f64:
        return py::dtype::of<double>();
      case DType::u8:
        return py::dtype::of<std::uint8_t>();
      case DType::s8:
        return py::dtype::of<std::int8_t>();
      case DType::i32:
        return py::dtype::of<std::int32_t>();
      case DType::i64:
        break;
      case DType::bf16:
        throw py::value_error("[array] expected a dtype that NumPy has, received bfloat16");
    }
    return py::dtype::of<std::int64_t>();
  }();
  // A tensor that is not there has no axes, which NumPy would take for one number.
  if (tensor.empty() && tensor.shape().empty()) return py::array(dtype, Shape{0});
  auto* held = new Tensor(tensor);
  const py::capsule owner(held, [](void* pointer) { delete static_cast<Tensor*>(pointer); });
  return py::array(dtype, tensor.shape(), held->raw(), owner);
}

}  // namespace muxnet::python

namespace pybind11::detail {

template <>
struct type_caster<muxnet::Tensor> {
 public:
  PYBIND11_TYPE_CASTER(muxnet::Tensor, const_name("numpy.ndarray"));

  bool load(handle source, bool) {
    if (!isinstance<array>(source)) return false;
    value = muxnet::python::to_tensor(reinterpret_borrow<array>(source));
    return true;
  }

  static handle cast(const muxnet::Tensor& tensor, return_value_policy, handle) {
    return muxnet::python::to_array(tensor).release();
  }
};

}  // namespace pybind11::detail
