#include <cmath>

#include "muxnet/core/error.hpp"
#include "muxnet/ops/activation.hpp"
#include "muxnet/ops/define.hpp"
#include "muxnet/ops/operators.hpp"
#include "muxnet/ops/reference.hpp"

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

struct SigmoidFunction {
  static constexpr bool keeps_zero = false;
  template <class T>
  static T value(T x) {
    return T{1} / (T{1} + std::exp(-x));
  }
  template <class T>
  static T gradient(T y, T g) {
    return g * y * (T{1} - y);
  }
};

KernelSpec plain(KernelSpec spec) {
  spec.src_layouts.assign(spec.src.size(), Layout::nchw);
  return spec;
}

/// y = f(x), whose derivative is known from y alone.
template <class T, class Function>
class Map final : public ElementwiseKernel {
 public:
  explicit Map(const KernelSpec& spec)
      : ElementwiseKernel(Function::keeps_zero ? spec : plain(spec)) {}

  void forward(const KernelArguments& arguments) override {
    const T* const x = src<T>(arguments);
    T* const y = dst<T>(arguments);
    const std::int64_t n = elements();
#pragma omp parallel for simd if (parallel : n > parallel_elements)
    for (std::int64_t i = 0; i < n; ++i) y[i] = Function::value(Compute<T>(x[i]));
  }

  void backward(const KernelArguments& arguments) override {
    T* const dx = diff_src<T>(arguments);
    if (dx == nullptr) return;
    const T* const y = dst<T>(arguments);
    const T* const dy = diff_dst<T>(arguments);
    const std::int64_t n = elements();
#pragma omp parallel for simd if (parallel : n > parallel_elements)
    for (std::int64_t i = 0; i < n; ++i) {
      dx[i] = Function::gradient(Compute<T>(y[i]), Compute<T>(dy[i]));
    }
  }
};

template <class T>
using Relu = Map<T, ReluFunction>;
template <class T>
using Relu6 = Map<T, Relu6Function>;
template <class T>
using Sigmoid = Map<T, SigmoidFunction>;

template <class T>
class Add final : public ElementwiseKernel {
 public:
  explicit Add(const KernelSpec& spec)
      : ElementwiseKernel(spec), relu_(spec.attributes.integer("relu", 0) != 0) {}

  void forward(const KernelArguments& arguments) override {
    const T* const a = src<T>(arguments, 0);
    const T* const b = src<T>(arguments, 1);
    T* const y = dst<T>(arguments);
    const std::int64_t n = elements();
    if (relu_) {
#pragma omp parallel for simd if (parallel : n > parallel_elements)
      for (std::int64_t i = 0; i < n; ++i) {
        y[i] = ReluFunction::value(Compute<T>(a[i]) + Compute<T>(b[i]));
      }
    } else {
#pragma omp parallel for simd if (parallel : n > parallel_elements)
      for (std::int64_t i = 0; i < n; ++i) y[i] = Compute<T>(a[i]) + Compute<T>(b[i]);
    }
  }

  void backward(const KernelArguments& arguments) override {
    for (std::size_t input = 0; input < 2; ++input) {
      if (T* const dx = diff_src<T>(arguments, input)) {
        pass(dst<T>(arguments), diff_dst<T>(arguments), dx);
      }
    }
  }

  bool backward_reads_dst() const override { return relu_; }

 private:
  void pass(const T* y, const T* dy, T* dx) const {
    const std::int64_t n = elements();
    if (relu_) {
#pragma omp parallel for simd if (parallel : n > parallel_elements)
      for (std::int64_t i = 0; i < n; ++i) {
        dx[i] = ReluFunction::gradient(Compute<T>(y[i]), Compute<T>(dy[i]));
      }
    } else {
#pragma omp parallel for simd if (parallel : n > parallel_elements)
      for (std::int64_t i = 0; i < n; ++i) dx[i] = dy[i];
    }
  }

  bool relu_;
};

}  // namespace

void add_elementwise(OperatorRegister& operators) {
  add_operator(operators, unary("relu"), {.reference = make_for_any_dtype<Relu>});
  add_operator(operators, unary("relu6"), {.reference = make_for_any_dtype<Relu6>});
  add_operator(operators, unary("sigmoid"), {.reference = make_for_dtype<Sigmoid>});
  add_operator(operators,
               {.name = "add",
                .inputs = 2,
                .shape = add_shape,
                .macs = no_macs,
                .parameters = no_parameters,
                .attributes = {"relu"}},
               {.reference = make_for_any_dtype<Add>});
}

}  // namespace muxnet
