#include <algorithm>
#include <numeric>

#include "muxnet/ops/define.hpp"
#include "muxnet/ops/onednn.hpp"
#include "muxnet/ops/operators.hpp"
#include "muxnet/ops/reference.hpp"

namespace muxnet {
namespace {

Shape linear_shape(std::span<const Shape> src, const Attributes& attributes) {
  require_rank("linear", src[0], 2);
  return {src[0][0], positive("linear", attributes, "features")};
}

std::int64_t linear_macs(std::span<const Shape> src, const Attributes& attributes) {
  return volume(linear_shape(src, attributes)) * src[0][1];
}

std::vector<ParameterSpec> linear_parameters(std::span<const Shape> src,
                                             const Attributes& attributes) {
  const std::int64_t features = linear_shape(src, attributes)[1], inputs = src[0][1];
  std::vector<ParameterSpec> result;
  result.push_back({.name = "weight",
                    .shape = {features, inputs},
                    .init = Init::kaiming_uniform,
                    .fan = inputs,
                    .decay = true});
  if (attributes.integer("bias", 1) != 0) {
    result.push_back(
        {.name = "bias", .shape = {features}, .init = Init::kaiming_uniform, .fan = inputs});
  }
  return result;
}

/// y = x W' + b, x (B, I), W (O, I).
template <class T>
class Linear final : public ReferenceKernel {
 public:
  explicit Linear(const KernelSpec& spec)
      : batch_(spec.dst[0]),
        inputs_(spec.src[0][1]),
        outputs_(spec.dst[1]),
        bias_(spec.attributes.integer("bias", 1) != 0) {}

  void forward(const KernelArguments& arguments) override {
    const T* const weight = parameter<T>(arguments, 0);
    T* const y = dst<T>(arguments);
#pragma omp parallel for collapse(2) schedule(static)
    for (std::int64_t n = 0; n < batch_; ++n) {
      for (std::int64_t o = 0; o < outputs_; ++o) {
        const T* const x = src<T>(arguments) + n * inputs_;
        const double start = bias_ ? static_cast<double>(parameter<T>(arguments, 1)[o]) : 0.0;
        y[n * outputs_ + o] =
            static_cast<T>(std::inner_product(x, x + inputs_, weight + o * inputs_, start));
      }
    }
  }

  void backward(const KernelArguments& arguments) override {
    if (diff_src<T>(arguments) != nullptr) backward_src(arguments);
    if (diff_parameter<T>(arguments, 0) != nullptr) backward_weight(arguments);
    if (bias_ && diff_parameter<T>(arguments, 1) != nullptr) backward_bias(arguments);
  }

  bool backward_reads_dst() const override { return false; }

 private:
  void backward_src(const KernelArguments& arguments) const {
    const T* const weight = parameter<T>(arguments, 0);
    const T* const dy = diff_dst<T>(arguments);
#pragma omp parallel for schedule(static)
    for (std::int64_t n = 0; n < batch_; ++n) {
      T* const dx = diff_src<T>(arguments) + n * inputs_;
      std::fill_n(dx, inputs_, T{0});
      for (std::int64_t o = 0; o < outputs_; ++o) {
        const T g = dy[n * outputs_ + o];
        for (std::int64_t i = 0; i < inputs_; ++i) dx[i] += g * weight[o * inputs_ + i];
      }
    }
  }

  void backward_weight(const KernelArguments& arguments) const {
    const T* const x = src<T>(arguments);
    const T* const dy = diff_dst<T>(arguments);
#pragma omp parallel for schedule(static)
    for (std::int64_t o = 0; o < outputs_; ++o) {
      T* const dw = diff_parameter<T>(arguments, 0) + o * inputs_;
      std::fill_n(dw, inputs_, T{0});
      for (std::int64_t n = 0; n < batch_; ++n) {
        const T g = dy[n * outputs_ + o];
        for (std::int64_t i = 0; i < inputs_; ++i) dw[i] += g * x[n * inputs_ + i];
      }
    }
  }

  void backward_bias(const KernelArguments& arguments) const {
    T* const db = diff_parameter<T>(arguments, 1);
    std::fill_n(db, outputs_, T{0});
    for (std::int64_t n = 0; n < batch_; ++n) {
      const T* const dy = diff_dst<T>(arguments) + n * outputs_;
      for (std::int64_t o = 0; o < outputs_; ++o) db[o] += dy[o];
    }
  }

  std::int64_t batch_, inputs_, outputs_;
  bool bias_;
};

}  // namespace

void add_linear(OperatorRegister& operators) {
  add_operator(operators,
               {.name = "linear",
                .shape = linear_shape,
                .macs = linear_macs,
                .parameters = linear_parameters,
                .attributes = {"features", "bias"}},
               {.reference = make_for_dtype<Linear>,
                .blas = make_blas_linear,
                .onednn = make_onednn_linear,
                .streamed = make_streamed_linear});
}

}  // namespace muxnet
