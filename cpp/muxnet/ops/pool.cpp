#include <algorithm>
#include <cmath>

#include "muxnet/ops/define.hpp"
#include "muxnet/ops/onednn.hpp"
#include "muxnet/ops/operators.hpp"
#include "muxnet/ops/reference.hpp"

namespace muxnet {
namespace {

Shape pool_shape(const char* op, std::span<const Shape> src, const Attributes& attributes) {
  require_rank(op, src[0], 4);
  return window_shape(op, src[0], src[0][1], pooling_window(op, attributes));
}

Shape max_pool_shape(std::span<const Shape> src, const Attributes& attributes) {
  return pool_shape("max_pool", src, attributes);
}

Shape average_pool_shape(std::span<const Shape> src, const Attributes& attributes) {
  return pool_shape("average_pool", src, attributes);
}

/// One (height, width) plane in, one out, and how the window moves.
struct Planes {
  explicit Planes(const KernelSpec& spec)
      : window(pooling_window(spec.op, spec.attributes)),
        count(spec.dst[0] * spec.dst[1]),
        src_h(spec.src[0][2]),
        src_w(spec.src[0][3]),
        dst_h(spec.dst[2]),
        dst_w(spec.dst[3]) {}

  /// The part of a window that lies inside the image.
  struct Span {
    std::int64_t begin_h, end_h, begin_w, end_w;
    std::int64_t area() const { return (end_h - begin_h) * (end_w - begin_w); }
  };
  Span span(std::int64_t h, std::int64_t w) const {
    const std::int64_t first_h = h * window.stride_h - window.padding_h;
    const std::int64_t first_w = w * window.stride_w - window.padding_w;
    return {std::max<std::int64_t>(first_h, 0), std::min(first_h + window.kernel_h, src_h),
            std::max<std::int64_t>(first_w, 0), std::min(first_w + window.kernel_w, src_w)};
  }

  Window window;
  std::int64_t count, src_h, src_w, dst_h, dst_w;
};

/// The workspace holds, for each output, the position of its maximum within the input plane.
template <class T>
class MaxPool final : public ReferenceKernel {
 public:
  explicit MaxPool(const KernelSpec& spec) : planes_(spec), training_(spec.training) {}

  void forward(const KernelArguments& arguments) override {
    auto* const kept = static_cast<std::int32_t*>(arguments.workspace);
#pragma omp parallel for schedule(static)
    for (std::int64_t plane = 0; plane < planes_.count; ++plane) {
      const T* const x = src<T>(arguments) + plane * planes_.src_h * planes_.src_w;
      for (std::int64_t h = 0; h < planes_.dst_h; ++h) {
        for (std::int64_t w = 0; w < planes_.dst_w; ++w) {
          const std::int64_t output = (plane * planes_.dst_h + h) * planes_.dst_w + w;
          const std::int64_t largest = largest_of(x, planes_.span(h, w));
          dst<T>(arguments)[output] = x[largest];
          if (training_) kept[output] = static_cast<std::int32_t>(largest);
        }
      }
    }
  }

  void backward(const KernelArguments& arguments) override {
    if (diff_src<T>(arguments) == nullptr) return;
    const std::int64_t inputs = planes_.src_h * planes_.src_w;
    const std::int64_t outputs = planes_.dst_h * planes_.dst_w;
#pragma omp parallel for schedule(static)
    for (std::int64_t plane = 0; plane < planes_.count; ++plane) {
      const auto* const kept =
          static_cast<const std::int32_t*>(arguments.workspace) + plane * outputs;
      const T* const dy = diff_dst<T>(arguments) + plane * outputs;
      T* const dx = diff_src<T>(arguments) + plane * inputs;
      std::fill_n(dx, inputs, T{0});
      for (std::int64_t i = 0; i < outputs; ++i) dx[kept[i]] += dy[i];
    }
  }

  std::size_t workspace_bytes() const override {
    const std::int64_t outputs = planes_.count * planes_.dst_h * planes_.dst_w;
    return training_ ? static_cast<std::size_t>(outputs) * sizeof(std::int32_t) : 0;
  }
  bool backward_reads_src() const override { return false; }
  bool backward_reads_dst() const override { return false; }

 private:
  /// The first of equals; NaN counts as largest, so that it is not hidden.
  std::int64_t largest_of(const T* x, const Planes::Span& span) const {
    std::int64_t largest = span.begin_h * planes_.src_w + span.begin_w;
    for (std::int64_t h = span.begin_h; h < span.end_h; ++h) {
      for (std::int64_t w = span.begin_w; w < span.end_w; ++w) {
        const std::int64_t i = h * planes_.src_w + w;
        if (x[i] > x[largest] || std::isnan(x[i])) largest = i;
      }
    }
    return largest;
  }

  Planes planes_;
  bool training_;
};

template <class T>
class AveragePool final : public ReferenceKernel {
 public:
  explicit AveragePool(const KernelSpec& spec)
      : planes_(spec), count_padding_(spec.attributes.integer("count_include_pad", 1) != 0) {}

  void forward(const KernelArguments& arguments) override {
#pragma omp parallel for schedule(static)
    for (std::int64_t plane = 0; plane < planes_.count; ++plane) {
      const T* const x = src<T>(arguments) + plane * planes_.src_h * planes_.src_w;
      T* y = dst<T>(arguments) + plane * planes_.dst_h * planes_.dst_w;
      for (std::int64_t output_h = 0; output_h < planes_.dst_h; ++output_h) {
        for (std::int64_t output_w = 0; output_w < planes_.dst_w; ++output_w) {
          const Planes::Span span = planes_.span(output_h, output_w);
          T sum = 0;
          for (std::int64_t h = span.begin_h; h < span.end_h; ++h) {
            for (std::int64_t w = span.begin_w; w < span.end_w; ++w)
              sum += x[h * planes_.src_w + w];
          }
          *y++ = sum / divisor(span);
        }
      }
    }
  }

  void backward(const KernelArguments& arguments) override {
    if (diff_src<T>(arguments) == nullptr) return;
    const std::int64_t inputs = planes_.src_h * planes_.src_w;
#pragma omp parallel for schedule(static)
    for (std::int64_t plane = 0; plane < planes_.count; ++plane) {
      const T* dy = diff_dst<T>(arguments) + plane * planes_.dst_h * planes_.dst_w;
      T* const dx = diff_src<T>(arguments) + plane * inputs;
      std::fill_n(dx, inputs, T{0});
      for (std::int64_t output_h = 0; output_h < planes_.dst_h; ++output_h) {
        for (std::int64_t output_w = 0; output_w < planes_.dst_w; ++output_w) {
          const Planes::Span span = planes_.span(output_h, output_w);
          const T share = *dy++ / divisor(span);
          for (std::int64_t h = span.begin_h; h < span.end_h; ++h) {
            for (std::int64_t w = span.begin_w; w < span.end_w; ++w)
              dx[h * planes_.src_w + w] += share;
          }
        }
      }
    }
  }

  bool backward_reads_src() const override { return false; }
  bool backward_reads_dst() const override { return false; }

 private:
  T divisor(const Planes::Span& span) const {
    const Window& window = planes_.window;
    return static_cast<T>(count_padding_ ? window.kernel_h * window.kernel_w : span.area());
  }

  Planes planes_;
  bool count_padding_;
};

}  // namespace

void add_pool(OperatorRegister& operators) {
  add_operator(operators,
               {.name = "max_pool",
                .shape = max_pool_shape,
                .macs = no_macs,
                .parameters = no_parameters,
                .attributes = {"kernel", "stride", "padding", "ceil_mode"}},
               {.reference = make_for_dtype<MaxPool>, .onednn = make_onednn_pool});
  add_operator(operators,
               {.name = "average_pool",
                .shape = average_pool_shape,
                .macs = no_macs,
                .parameters = no_parameters,
                .attributes = {"kernel", "stride", "padding", "count_include_pad"}},
               {.reference = make_for_dtype<AveragePool>, .onednn = make_onednn_pool});
}

}  // namespace muxnet
