#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "muxnet/ops/kernel.hpp"

namespace muxnet {

/// What most reference kernels share: plain layouts on both sides.
class ReferenceKernel : public Kernel {
 public:
  Layout src_layout(std::size_t) const override { return Layout::nchw; }
  Layout dst_layout() const override { return Layout::nchw; }
  std::string implementation() const override { return "reference"; }
};

/// Kernels that treat every stored element alike and map zero to zero, so that they run in
/// whatever layout the first producer delivers, channel padding included.
class ElementwiseKernel : public ReferenceKernel {
 public:
  explicit ElementwiseKernel(const KernelSpec& spec)
      : layout_(spec.src_layouts.at(0)), elements_(storage_size(spec.dst, layout_)) {}

  Layout src_layout(std::size_t) const override { return layout_; }
  Layout dst_layout() const override { return layout_; }
  bool backward_reads_src() const override { return false; }

 protected:
  std::int64_t elements() const { return elements_; }

 private:
  Layout layout_;
  std::int64_t elements_;
};

/// Below this many elements starting threads costs more than they save.
constexpr std::int64_t parallel_elements = 16384;

/// The kernel template K for the spec's dtype, f32 or f64; nullptr for others.
template <template <class> class K>
std::unique_ptr<Kernel> make_for_dtype(const KernelSpec& spec) {
  if (spec.dtype == DType::f64) return std::make_unique<K<double>>(spec);
  if (spec.dtype == DType::f32) return std::make_unique<K<float>>(spec);
  return nullptr;
}

/// The same for templates that are right for bf16 too.
template <template <class> class K>
std::unique_ptr<Kernel> make_for_any_dtype(const KernelSpec& spec) {
  if (spec.dtype == DType::bf16) return std::make_unique<K<bfloat16>>(spec);
  return make_for_dtype<K>(spec);
}

template <class T>
const T* src(const KernelArguments& arguments, std::size_t index = 0) {
  return static_cast<const T*>(arguments.src[index]);
}

template <class T>
T* dst(const KernelArguments& arguments) {
  return static_cast<T*>(arguments.dst);
}

template <class T>
T* parameter(const KernelArguments& arguments, std::size_t index) {
  return static_cast<T*>(arguments.parameters[index]);
}

template <class T>
const T* diff_dst(const KernelArguments& arguments) {
  return static_cast<const T*>(arguments.diff_dst);
}

/// nullptr where nobody needs it.
template <class T>
T* diff_src(const KernelArguments& arguments, std::size_t index = 0) {
  return static_cast<T*>(arguments.diff_src[index]);
}

/// nullptr where nobody needs it.
template <class T>
T* diff_parameter(const KernelArguments& arguments, std::size_t index) {
  return static_cast<T*>(arguments.diff_parameters[index]);
}

}  // namespace muxnet
