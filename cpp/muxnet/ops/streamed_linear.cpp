#include <algorithm>
#include <array>

#include "muxnet/ops/operators.hpp"
#include "muxnet/ops/reference.hpp"

namespace muxnet {
namespace {

/// Features computed side by side. Each reads a row of weights of its own: prefetchers follow that
/// many streams in memory, where one alone leaves half of the bandwidth unused.
constexpr std::int64_t streams = 8;

/// Weights below this stay in a core's own cache between answers, where oneDNN computes faster.
constexpr std::int64_t least_weights = std::int64_t{1} << 20;

/// y = x W' + b of one row x (1, I), W (O, I), whose time is that of reading W: from where the
/// parameters lie, without a second copy in other blocks.
class StreamedLinear final : public ReferenceKernel {
 public:
  explicit StreamedLinear(const KernelSpec& spec)
      : inputs_(spec.src[0][1]),
        outputs_(spec.dst[1]),
        bias_(spec.attributes.integer("bias", 1) != 0) {}

  void forward(const KernelArguments& arguments) override {
    const float* const x = src<float>(arguments);
    const float* const weight = parameter<float>(arguments, 0);
    const float* const bias = bias_ ? parameter<float>(arguments, 1) : nullptr;
    float* const y = dst<float>(arguments);
#pragma omp parallel for schedule(static)
    for (std::int64_t o = 0; o < outputs_; o += streams) {
      // The last ones are computed with some before them again: the same values.
      const std::int64_t first = std::min(o, outputs_ - streams);
      const auto sums = products(x, weight + first * inputs_);
      for (std::int64_t s = o - first; s < streams; ++s) {
        const auto feature = static_cast<std::size_t>(s);
        y[first + s] = sums[feature] + (bias == nullptr ? 0.0f : bias[first + s]);
      }
    }
  }

  void backward(const KernelArguments&) override {}

  std::string implementation() const override { return "streamed"; }

 private:
  /// x times each of the rows from `w` on.
  std::array<float, streams> products(const float* x, const float* w) const {
    const std::int64_t n = inputs_;
    float a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
#pragma omp simd reduction(+ : a, b, c, d, e, f, g, h)
    for (std::int64_t i = 0; i < n; ++i) {
      a += x[i] * w[i];
      b += x[i] * w[i + n];
      c += x[i] * w[i + 2 * n];
      d += x[i] * w[i + 3 * n];
      e += x[i] * w[i + 4 * n];
      f += x[i] * w[i + 5 * n];
      g += x[i] * w[i + 6 * n];
      h += x[i] * w[i + 7 * n];
    }
    return {a, b, c, d, e, f, g, h};
  }

  std::int64_t inputs_, outputs_;
  bool bias_;
};

}  // namespace

std::unique_ptr<Kernel> make_streamed_linear(const KernelSpec& spec) {
  const std::int64_t outputs = spec.dst[1], weights = outputs * spec.src[0][1];
  const bool one_row = spec.dst[0] == 1 && !spec.training && spec.dtype == DType::f32;
  if (!one_row || outputs < streams || weights < least_weights) return nullptr;
  return std::make_unique<StreamedLinear>(spec);
}

}  // namespace muxnet
