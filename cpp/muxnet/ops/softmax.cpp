#include <algorithm>
#include <cmath>
#include <numeric>

#include "muxnet/ops/define.hpp"
#include "muxnet/ops/operators.hpp"
#include "muxnet/ops/reference.hpp"

namespace muxnet {
namespace {

Shape softmax_shape(std::span<const Shape> src, const Attributes&) {
  require_rank("softmax", src[0], 2);
  return src[0];
}

/// y = exp(x - max x) / sum exp(x - max x) along each row.
template <class T>
class Softmax final : public ReferenceKernel {
 public:
  explicit Softmax(const KernelSpec& spec) : rows_(spec.dst[0]), columns_(spec.dst[1]) {}

  void forward(const KernelArguments& arguments) override {
    for (std::int64_t row = 0; row < rows_; ++row) {
      const T* const x = src<T>(arguments) + row * columns_;
      T* const y = dst<T>(arguments) + row * columns_;
      const T largest = *std::max_element(x, x + columns_);
      T sum = 0;
      for (std::int64_t i = 0; i < columns_; ++i) sum += y[i] = std::exp(x[i] - largest);
      for (std::int64_t i = 0; i < columns_; ++i) y[i] /= sum;
    }
  }

  void backward(const KernelArguments& arguments) override {
    if (diff_src<T>(arguments) == nullptr) return;
    for (std::int64_t row = 0; row < rows_; ++row) {
      const T* const y = dst<T>(arguments) + row * columns_;
      const T* const dy = diff_dst<T>(arguments) + row * columns_;
      T* const dx = diff_src<T>(arguments) + row * columns_;
      const T dot = std::inner_product(y, y + columns_, dy, T{0});
      for (std::int64_t i = 0; i < columns_; ++i) dx[i] = y[i] * (dy[i] - dot);
    }
  }

  bool backward_reads_src() const override { return false; }

 private:
  std::int64_t rows_, columns_;
};

}  // namespace

void add_softmax(OperatorRegister& operators) {
  add_operator(
      operators,
      {.name = "softmax", .shape = softmax_shape, .macs = no_macs, .parameters = no_parameters},
      {.reference = make_for_dtype<Softmax>});
}

}  // namespace muxnet
