#include <algorithm>

#include "muxnet/core/error.hpp"
#include "muxnet/core/random.hpp"
#include "muxnet/ops/define.hpp"
#include "muxnet/ops/operators.hpp"
#include "muxnet/ops/reference.hpp"

namespace muxnet {
namespace {

Shape dropout_shape(std::span<const Shape> src, const Attributes& attributes) {
  const double p = attributes.number("p", 0.5);
  require(p >= 0 && p < 1, "dropout", "p in [0, 1)", text(p));
  return src[0];
}

/// Inverted dropout: y = m x / (1 - p), m = 1 with probability 1 - p. The mask of the i-th stored
/// element depends on the pass's seed and i alone, so that threads do not matter.
template <class T>
class Dropout final : public ElementwiseKernel {
 public:
  explicit Dropout(const KernelSpec& spec)
      : ElementwiseKernel(spec),
        p_(spec.training ? spec.attributes.number("p", 0.5) : 0.0),
        scale_(static_cast<T>(1 / (1 - p_))) {}

  void forward(const KernelArguments& arguments) override {
    const T* const x = src<T>(arguments);
    T* const y = dst<T>(arguments);
    if (p_ == 0) {
      std::copy_n(x, elements(), y);
      return;
    }
    auto* const mask = static_cast<std::uint8_t*>(arguments.workspace);
    draw(arguments.seed, mask);
    scale(x, mask, y);
  }

  void backward(const KernelArguments& arguments) override {
    T* const dx = diff_src<T>(arguments);
    if (dx == nullptr) return;
    const T* const dy = diff_dst<T>(arguments);
    if (p_ == 0) {
      std::copy_n(dy, elements(), dx);
    } else {
      scale(dy, static_cast<const std::uint8_t*>(arguments.workspace), dx);
    }
  }

  std::size_t workspace_bytes() const override {
    return p_ == 0 ? 0 : static_cast<std::size_t>(elements());
  }
  bool backward_reads_dst() const override { return false; }

 private:
  void draw(std::uint64_t seed, std::uint8_t* mask) const {
    constexpr std::int64_t run = 1024;
    const auto threshold = static_cast<std::uint32_t>(p_ * 0x1p32);
    const std::int64_t n = elements();
#pragma omp parallel for schedule(static) if (n > parallel_elements)
    for (std::int64_t begin = 0; begin < n; begin += run) {
      Random random(seed, mix(seed, static_cast<std::uint64_t>(begin)));
      const std::int64_t end = std::min(begin + run, n);
      for (std::int64_t i = begin; i < end; ++i) mask[i] = random.next() >= threshold;
    }
  }

  void scale(const T* from, const std::uint8_t* mask, T* to) const {
    const std::int64_t n = elements();
    const T factor = scale_;
#pragma omp parallel for simd if (parallel : n > parallel_elements)
    for (std::int64_t i = 0; i < n; ++i) to[i] = mask[i] != 0 ? from[i] * factor : T{0};
  }

  double p_;
  T scale_;
};

}  // namespace

void add_dropout(OperatorRegister& operators) {
  add_operator(operators,
               {.name = "dropout",
                .shape = dropout_shape,
                .macs = no_macs,
                .parameters = no_parameters,
                .attributes = {"p"}},
               {.reference = make_for_dtype<Dropout>});
}

}  // namespace muxnet
