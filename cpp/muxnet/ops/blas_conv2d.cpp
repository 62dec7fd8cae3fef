#include <cblas.h>

#include <algorithm>

#include "muxnet/core/parallel.hpp"
#include "muxnet/ops/conv2d.hpp"
#include "muxnet/ops/im2col.hpp"
#include "muxnet/ops/operators.hpp"
#include "muxnet/ops/reference.hpp"

namespace muxnet {
namespace {

/// Floats of im2col columns that one worker holds: 1 MiB, about a second-level cache.
constexpr std::int64_t column_budget = 1 << 18;

struct Matrix {
  const float* data;
  std::int64_t stride;
};

/// c = op(a) op(b) + beta c; c is (m, n).
void gemm(CBLAS_TRANSPOSE trans_a, CBLAS_TRANSPOSE trans_b, std::int64_t m, std::int64_t n,
          std::int64_t k, Matrix a, Matrix b, float beta, float* c, std::int64_t stride) {
  cblas_sgemm(CblasRowMajor, trans_a, trans_b, static_cast<blasint>(m), static_cast<blasint>(n),
              static_cast<blasint>(k), 1, a.data, static_cast<blasint>(a.stride), b.data,
              static_cast<blasint>(b.stride), beta, c, static_cast<blasint>(stride));
}

/// Convolution as matrix products over im2col columns. A worker takes whole images: inside a team
/// of several, OpenBLAS's OpenMP build runs single-threaded; a lone worker leaves it all threads.
/// The number of workers, and with it the order of summation, is fixed at construction.
class BlasConv2d final : public Kernel {
 public:
  explicit BlasConv2d(const KernelSpec& spec)
      : g_(spec),
        workers_(static_cast<int>(std::min<std::int64_t>(threads(), g_.batch))),
        direct_(is_direct(g_)) {
    const std::int64_t fitting = column_budget / (g_.taps() * g_.dst_w);
    rows_ = direct_ ? g_.dst_h : std::clamp<std::int64_t>(fitting, 1, g_.dst_h);
    if (!direct_) columns_ = Tensor({workers_, g_.taps() * rows_ * g_.dst_w});
    if (spec.training) partial_ = Tensor({workers_, g_.dst_c * g_.taps()});
  }

  void forward(const KernelArguments& arguments) override {
    for_each_strip([&](const Strip& strip) {
      float* const y = dst<float>(arguments) + output(strip);
      gemm(CblasNoTrans, CblasNoTrans, outputs(), pixels(strip), g_.taps(),
           weight(arguments, strip), gather(arguments, strip), g_.residual ? 1.0F : 0.0F, y,
           g_.dst_pixels());
      if (g_.bias) add_bias(parameter<float>(arguments, 1) + strip.group * outputs(), strip, y);
      if (g_.activation != Activation::none) activate(strip, y);
    });
  }

  void backward(const KernelArguments& arguments) override {
    if (diff_src<float>(arguments) != nullptr) backward_src(arguments);
    if (diff_parameter<float>(arguments, 0) != nullptr) backward_weight(arguments);
    if (g_.bias && diff_parameter<float>(arguments, 1) != nullptr) backward_bias(arguments);
  }

  Layout src_layout(std::size_t) const override { return Layout::nchw; }
  Layout dst_layout() const override { return Layout::nchw; }
  std::optional<std::size_t> in_place_src() const override {
    return g_.residual ? std::optional<std::size_t>(1) : std::nullopt;
  }
  bool backward_reads_dst() const override { return false; }
  std::string implementation() const override { return "blas"; }
  bool heeds_thread_limit() const override { return false; }

 private:
  /// What is done in one matrix product: some output rows of one image and group.
  struct Strip {
    std::int64_t worker, image, group;
    Im2colRows rows;
  };

  /// A 1x1 convolution without stride or padding multiplies the image as it lies.
  static bool is_direct(const Conv2dGeometry& g) {
    const Window& w = g.window;
    return w.kernel_h * w.kernel_w == 1 && w.stride_h * w.stride_w == 1 &&
           w.padding_h + w.padding_w == 0;
  }

  std::int64_t outputs() const { return g_.group_outputs(); }
  std::int64_t pixels(const Strip& strip) const {
    return (strip.rows.end - strip.rows.begin) * g_.dst_w;
  }
  std::int64_t output(const Strip& strip) const {
    return g_.output(strip.image, strip.group * outputs(), strip.rows.begin * g_.dst_w);
  }
  std::int64_t input(const Strip& strip) const {
    return (strip.image * g_.src_c + strip.group * g_.group_inputs()) * g_.src_h * g_.src_w;
  }
  Matrix weight(const KernelArguments& arguments, const Strip& strip) const {
    return {parameter<float>(arguments, 0) + strip.group * outputs() * g_.taps(), g_.taps()};
  }
  Matrix gradient(const KernelArguments& arguments, const Strip& strip) const {
    return {diff_dst<float>(arguments) + output(strip), g_.dst_pixels()};
  }
  float* columns(const Strip& strip) {
    return columns_.data<float>() + strip.worker * columns_.dim(1);
  }

  /// Worker w takes images [w B / workers, (w + 1) B / workers), however large the team is.
  template <class Use>
  void for_each_strip(const Use& use) {
#pragma omp parallel for schedule(static, 1) num_threads(workers_)
    for (int worker = 0; worker < workers_; ++worker) {
      const std::int64_t end = (worker + 1) * g_.batch / workers_;
      for (std::int64_t image = worker * g_.batch / workers_; image < end; ++image) {
        for (std::int64_t group = 0; group < g_.groups; ++group) {
          for (std::int64_t h = 0; h < g_.dst_h; h += rows_) {
            use(Strip{worker, image, group, {h, std::min(h + rows_, g_.dst_h)}});
          }
        }
      }
    }
  }

  /// The columns (taps, pixels) of a strip.
  Matrix gather(const KernelArguments& arguments, const Strip& strip) {
    const float* const image = src<float>(arguments) + input(strip);
    if (direct_) return {image, g_.dst_pixels()};
    im2col(g_, image, strip.rows, columns(strip));
    return {columns(strip), pixels(strip)};
  }

  void add_bias(const float* bias, const Strip& strip, float* y) const {
    for (std::int64_t o = 0; o < outputs(); ++o) {
      float* const row = y + o * g_.dst_pixels();
      for (std::int64_t p = 0; p < pixels(strip); ++p) row[p] += bias[o];
    }
  }

  void activate(const Strip& strip, float* y) const {
    for (std::int64_t o = 0; o < outputs(); ++o) {
      float* const row = y + o * g_.dst_pixels();
      for (std::int64_t p = 0; p < pixels(strip); ++p) row[p] = activated(g_.activation, row[p]);
    }
  }

  void backward_src(const KernelArguments& arguments) {
    for_each_strip([&](const Strip& strip) {
      float* const dx = diff_src<float>(arguments) + input(strip);
      const auto product = [&](float* to, std::int64_t stride) {
        gemm(CblasTrans, CblasNoTrans, g_.taps(), pixels(strip), outputs(),
             weight(arguments, strip), gradient(arguments, strip), 0, to, stride);
      };
      if (direct_) return product(dx, g_.dst_pixels());
      if (strip.rows.begin == 0) std::fill_n(dx, g_.group_inputs() * g_.src_h * g_.src_w, 0.0f);
      product(columns(strip), pixels(strip));
      col2im(g_, columns(strip), strip.rows, dx);
    });
  }

  void backward_weight(const KernelArguments& arguments) {
    float* const partial = partial_.data<float>();
    const std::int64_t weights = partial_.dim(1);
    std::fill_n(partial, partial_.size(), 0.0f);
    for_each_strip([&](const Strip& strip) {
      float* const sum = partial + strip.worker * weights + strip.group * outputs() * g_.taps();
      gemm(CblasNoTrans, CblasTrans, outputs(), g_.taps(), pixels(strip),
           gradient(arguments, strip), gather(arguments, strip), 1, sum, g_.taps());
    });
    float* const dw = diff_parameter<float>(arguments, 0);
#pragma omp parallel for simd if (parallel : weights > parallel_elements)
    for (std::int64_t i = 0; i < weights; ++i) {
      float sum = partial[i];
      for (std::int64_t worker = 1; worker < workers_; ++worker) {
        sum += partial[worker * weights + i];
      }
      dw[i] = sum;
    }
  }

  void backward_bias(const KernelArguments& arguments) const {
#pragma omp parallel for schedule(static)
    for (std::int64_t o = 0; o < g_.dst_c; ++o) {
      float sum = 0;
      for (std::int64_t n = 0; n < g_.batch; ++n) {
        const float* const dy = diff_dst<float>(arguments) + g_.output(n, o, 0);
#pragma omp simd reduction(+ : sum)
        for (std::int64_t p = 0; p < g_.dst_pixels(); ++p) sum += dy[p];
      }
      diff_parameter<float>(arguments, 1)[o] = sum;
    }
  }

  Conv2dGeometry g_;
  int workers_;
  bool direct_;
  std::int64_t rows_ = 0;  ///< output rows of a strip
  Tensor columns_;         ///< (worker, taps * pixels)
  Tensor partial_;         ///< (worker, weights): gradients of each worker's images
};

}  // namespace

std::unique_ptr<Kernel> make_blas_conv2d(const KernelSpec& spec) {
  // Behind an activation the gradient would need a masked copy; only inference plans fuse one.
  const bool fused = fused_activation(spec.attributes) != Activation::none || spec.src.size() > 1;
  if (spec.dtype != DType::f32 || (spec.training && fused)) return nullptr;
  return std::make_unique<BlasConv2d>(spec);
}

}  // namespace muxnet
