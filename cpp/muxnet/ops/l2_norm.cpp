#include <algorithm>
#include <cmath>
#include <numeric>

#include "muxnet/core/error.hpp"
#include "muxnet/ops/define.hpp"
#include "muxnet/ops/operators.hpp"
#include "muxnet/ops/reference.hpp"

namespace muxnet {
namespace {

Shape l2_norm_shape(std::span<const Shape> src, const Attributes& attributes) {
  require_rank("l2_norm", src[0], 2);
  const std::int64_t groups = attributes.integer("groups", 1);
  require(groups >= 1 && src[0][1] % groups == 0, "l2_norm",
          text("groups that divide the last axis of ", to_string(src[0])), text(groups));
  return src[0];
}

constexpr double smallest_norm = 1e-12;

/// y = x / max(|x|, 1e-12) for each of `groups` equal pieces of each row; the workspace keeps the
/// divisors.
template <class T>
class L2Norm final : public ReferenceKernel {
 public:
  explicit L2Norm(const KernelSpec& spec)
      : pieces_(spec.dst[0] * spec.attributes.integer("groups", 1)),
        length_(spec.dst[1] / spec.attributes.integer("groups", 1)),
        training_(spec.training) {}

  void forward(const KernelArguments& arguments) override {
    for (std::int64_t piece = 0; piece < pieces_; ++piece) {
      const T* const x = src<T>(arguments) + piece * length_;
      T* const y = dst<T>(arguments) + piece * length_;
      const double norm = std::sqrt(std::inner_product(x, x + length_, x, 0.0));
      const T divisor = static_cast<T>(std::max(norm, smallest_norm));
      for (std::int64_t i = 0; i < length_; ++i) y[i] = x[i] / divisor;
      if (training_) static_cast<T*>(arguments.workspace)[piece] = divisor;
    }
  }

  void backward(const KernelArguments& arguments) override {
    if (diff_src<T>(arguments) == nullptr) return;
    for (std::int64_t piece = 0; piece < pieces_; ++piece) {
      const T* const y = dst<T>(arguments) + piece * length_;
      const T* const dy = diff_dst<T>(arguments) + piece * length_;
      T* const dx = diff_src<T>(arguments) + piece * length_;
      const T divisor = static_cast<const T*>(arguments.workspace)[piece];
      // Below the smallest norm the divisor is a constant: no part of the gradient is projected
      // out.
      const bool constant = divisor <= static_cast<T>(smallest_norm);
      const T dot = constant ? T{0} : std::inner_product(y, y + length_, dy, T{0});
      for (std::int64_t i = 0; i < length_; ++i) dx[i] = (dy[i] - y[i] * dot) / divisor;
    }
  }

  std::size_t workspace_bytes() const override {
    return training_ ? static_cast<std::size_t>(pieces_) * sizeof(T) : 0;
  }
  bool backward_reads_src() const override { return false; }

 private:
  std::int64_t pieces_, length_;
  bool training_;
};

}  // namespace

void add_l2_norm(OperatorRegister& operators) {
  add_operator(operators,
               {.name = "l2_norm",
                .shape = l2_norm_shape,
                .macs = no_macs,
                .parameters = no_parameters,
                .attributes = {"groups"}},
               {.reference = make_for_dtype<L2Norm>});
}

}  // namespace muxnet
