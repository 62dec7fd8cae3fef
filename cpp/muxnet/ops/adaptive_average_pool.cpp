#include <algorithm>
#include <numeric>

#include "muxnet/core/error.hpp"
#include "muxnet/ops/define.hpp"
#include "muxnet/ops/operators.hpp"
#include "muxnet/ops/reference.hpp"

namespace muxnet {
namespace {

Shape adaptive_average_pool_shape(std::span<const Shape> src, const Attributes& attributes) {
  require_rank("adaptive_average_pool", src[0], 4);
  const auto [height, width] = attributes.pair("output", 1);
  require(height >= 1 && width >= 1, "adaptive_average_pool", "output of at least 1",
          text("(", height, ", ", width, ")"));
  return {src[0][0], src[0][1], height, width};
}

/// Output i averages inputs floor(i H / OH) .. ceil((i + 1) H / OH) - 1, as PyTorch.
template <class T>
class AdaptiveAveragePool final : public ReferenceKernel {
 public:
  explicit AdaptiveAveragePool(const KernelSpec& spec)
      : planes_(spec.dst[0] * spec.dst[1]),
        src_h_(spec.src[0][2]),
        src_w_(spec.src[0][3]),
        dst_h_(spec.dst[2]),
        dst_w_(spec.dst[3]) {}

  void forward(const KernelArguments& arguments) override {
#pragma omp parallel for schedule(static)
    for (std::int64_t plane = 0; plane < planes_; ++plane) {
      const T* const x = src<T>(arguments) + plane * src_h_ * src_w_;
      T* const y = dst<T>(arguments) + plane * dst_h_ * dst_w_;
      T* const sums = static_cast<T*>(arguments.scratch) + plane * src_w_;
      for (std::int64_t oh = 0; oh < dst_h_; ++oh) {
        const Range rows = range(oh, src_h_, dst_h_);
        add_rows(x + rows.begin * src_w_, rows.size(), sums);
        for (std::int64_t ow = 0; ow < dst_w_; ++ow) {
          const Range columns = range(ow, src_w_, dst_w_);
          const T sum = std::accumulate(sums + columns.begin, sums + columns.end, T{0});
          y[oh * dst_w_ + ow] = sum / static_cast<T>(rows.size() * columns.size());
        }
      }
    }
  }

  void backward(const KernelArguments& arguments) override {
    if (diff_src<T>(arguments) == nullptr) return;
#pragma omp parallel for schedule(static)
    for (std::int64_t plane = 0; plane < planes_; ++plane) {
      const T* const dy = diff_dst<T>(arguments) + plane * dst_h_ * dst_w_;
      T* const dx = diff_src<T>(arguments) + plane * src_h_ * src_w_;
      std::fill_n(dx, src_h_ * src_w_, T{0});
      for (std::int64_t oh = 0; oh < dst_h_; ++oh) {
        const Range rows = range(oh, src_h_, dst_h_);
        for (std::int64_t ow = 0; ow < dst_w_; ++ow) {
          const Range columns = range(ow, src_w_, dst_w_);
          const T share = dy[oh * dst_w_ + ow] / static_cast<T>(rows.size() * columns.size());
          for (std::int64_t h = rows.begin; h < rows.end; ++h) {
            for (std::int64_t w = columns.begin; w < columns.end; ++w) dx[h * src_w_ + w] += share;
          }
        }
      }
    }
  }

  /// A row of sums for each plane.
  std::size_t forward_scratch_bytes() const override {
    return static_cast<std::size_t>(planes_ * src_w_) * sizeof(T);
  }
  bool backward_reads_src() const override { return false; }
  bool backward_reads_dst() const override { return false; }

 private:
  struct Range {
    std::int64_t begin, end;
    std::int64_t size() const { return end - begin; }
  };

  /// The inputs that output i of `dst` averages, along an axis of `src`.
  static Range range(std::int64_t i, std::int64_t src, std::int64_t dst) {
    return {i * src / dst, ((i + 1) * src + dst - 1) / dst};
  }

  void add_rows(const T* x, std::int64_t rows, T* sums) const {
    std::copy_n(x, src_w_, sums);
    for (std::int64_t row = 1; row < rows; ++row) {
      x += src_w_;
#pragma omp simd
      for (std::int64_t w = 0; w < src_w_; ++w) sums[w] += x[w];
    }
  }

  std::int64_t planes_, src_h_, src_w_, dst_h_, dst_w_;
};

/// The case of one output, with which nearly every network ends: reads any layout, so that no
/// reorder is needed before it.
template <class T>
class GlobalAveragePool final : public ReferenceKernel {
 public:
  explicit GlobalAveragePool(const KernelSpec& spec)
      : layout_(spec.src_layouts.at(0)),
        batch_(spec.dst[0]),
        channels_(spec.dst[1]),
        pixels_(spec.src[0][2] * spec.src[0][3]),
        block_(layout_ == Layout::nhwc ? channels_ : channel_block(layout_)),
        blocks_((channels_ + block_ - 1) / block_) {}

  void forward(const KernelArguments& arguments) override {
    const T share = T{1} / static_cast<T>(pixels_);
#pragma omp parallel for collapse(2) schedule(static)
    for (std::int64_t n = 0; n < batch_; ++n) {
      for (std::int64_t block = 0; block < blocks_; ++block) {
        const T* const x = src<T>(arguments) + (n * blocks_ + block) * block_ * pixels_;
        T* const y = dst<T>(arguments) + n * channels_ + block * block_;
        if (block_ == 1) {
          T sum = 0;
#pragma omp simd reduction(+ : sum)
          for (std::int64_t p = 0; p < pixels_; ++p) sum += x[p];
          *y = sum * share;
        } else {
          average_block(x, y, used(block), share);
        }
      }
    }
  }

  void backward(const KernelArguments& arguments) override {
    if (diff_src<T>(arguments) == nullptr) return;
    const T share = T{1} / static_cast<T>(pixels_);
#pragma omp parallel for collapse(2) schedule(static)
    for (std::int64_t n = 0; n < batch_; ++n) {
      for (std::int64_t block = 0; block < blocks_; ++block) {
        const T* const dy = diff_dst<T>(arguments) + n * channels_ + block * block_;
        T* dx = diff_src<T>(arguments) + (n * blocks_ + block) * block_ * pixels_;
        const std::int64_t width = used(block);
        for (std::int64_t p = 0; p < pixels_; ++p, dx += block_) {
          for (std::int64_t c = 0; c < width; ++c) dx[c] = dy[c] * share;
          std::fill(dx + width, dx + block_, T{0});
        }
      }
    }
  }

  Layout src_layout(std::size_t) const override { return layout_; }
  bool backward_reads_src() const override { return false; }
  bool backward_reads_dst() const override { return false; }

 private:
  /// Channels of a block that are not padding.
  std::int64_t used(std::int64_t block) const {
    return std::min(block_, channels_ - block * block_);
  }

  void average_block(const T* x, T* y, std::int64_t width, T share) const {
    std::fill_n(y, width, T{0});
    for (std::int64_t p = 0; p < pixels_; ++p, x += block_) {
#pragma omp simd
      for (std::int64_t c = 0; c < width; ++c) y[c] += x[c];
    }
    for (std::int64_t c = 0; c < width; ++c) y[c] *= share;
  }

  Layout layout_;
  std::int64_t batch_, channels_, pixels_, block_, blocks_;
};

std::unique_ptr<Kernel> make_adaptive_average_pool(const KernelSpec& spec) {
  if (spec.dst[2] == 1 && spec.dst[3] == 1) return make_for_dtype<GlobalAveragePool>(spec);
  return make_for_dtype<AdaptiveAveragePool>(spec);
}

}  // namespace

void add_adaptive_average_pool(OperatorRegister& operators) {
  add_operator(operators,
               {.name = "adaptive_average_pool",
                .shape = adaptive_average_pool_shape,
                .macs = no_macs,
                .parameters = no_parameters,
                .attributes = {"output"}},
               {.reference = make_adaptive_average_pool});
}

}  // namespace muxnet
