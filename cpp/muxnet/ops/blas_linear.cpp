#include <cblas.h>

#include <algorithm>

#include "muxnet/ops/operators.hpp"
#include "muxnet/ops/reference.hpp"

namespace muxnet {
namespace {

/// y = x W' + b, x (B, I), W (O, I), as three matrix products.
class BlasLinear final : public Kernel {
 public:
  explicit BlasLinear(const KernelSpec& spec)
      : batch_(static_cast<blasint>(spec.dst[0])),
        inputs_(static_cast<blasint>(spec.src[0][1])),
        outputs_(static_cast<blasint>(spec.dst[1])),
        bias_(spec.attributes.integer("bias", 1) != 0) {}

  void forward(const KernelArguments& arguments) override {
    float* const y = dst<float>(arguments);
    if (bias_) {
      const float* const bias = parameter<float>(arguments, 1);
      for (std::int64_t n = 0; n < batch_; ++n) std::copy_n(bias, outputs_, y + n * outputs_);
    }
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, batch_, outputs_, inputs_, 1,
                src<float>(arguments), inputs_, parameter<float>(arguments, 0), inputs_,
                bias_ ? 1.0f : 0.0f, y, outputs_);
  }

  void backward(const KernelArguments& arguments) override {
    const float* const dy = diff_dst<float>(arguments);
    if (float* const dx = diff_src<float>(arguments)) {
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, batch_, inputs_, outputs_, 1, dy,
                  outputs_, parameter<float>(arguments, 0), inputs_, 0, dx, inputs_);
    }
    if (float* const dw = diff_parameter<float>(arguments, 0)) {
      cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, outputs_, inputs_, batch_, 1, dy,
                  outputs_, src<float>(arguments), inputs_, 0, dw, inputs_);
    }
    if (!bias_) return;
    if (float* const db = diff_parameter<float>(arguments, 1)) {
      std::fill_n(db, outputs_, 0.0f);
      for (std::int64_t n = 0; n < batch_; ++n) {
        for (std::int64_t o = 0; o < outputs_; ++o) db[o] += dy[n * outputs_ + o];
      }
    }
  }

  Layout src_layout(std::size_t) const override { return Layout::nchw; }
  Layout dst_layout() const override { return Layout::nchw; }
  bool backward_reads_dst() const override { return false; }
  std::string implementation() const override { return "blas"; }
  bool heeds_thread_limit() const override { return false; }

 private:
  blasint batch_, inputs_, outputs_;
  bool bias_;
};

}  // namespace

std::unique_ptr<Kernel> make_blas_linear(const KernelSpec& spec) {
  if (spec.dtype != DType::f32) return nullptr;
  return std::make_unique<BlasLinear>(spec);
}

}  // namespace muxnet
