#include <algorithm>

#include "muxnet/core/error.hpp"
#include "muxnet/ops/conv2d.hpp"
#include "muxnet/ops/define.hpp"
#include "muxnet/ops/onednn.hpp"
#include "muxnet/ops/operators.hpp"
#include "muxnet/ops/reference.hpp"

namespace muxnet {
namespace {

Shape conv2d_shape(std::span<const Shape> src, const Attributes& attributes) {
  require_rank("conv2d", src[0], 4);
  const std::int64_t channels = positive("conv2d", attributes, "channels");
  const std::int64_t groups = attributes.integer("groups", 1);
  require(groups >= 1 && channels % groups == 0 && src[0][1] % groups == 0, "conv2d",
          text("groups that divide ", src[0][1], " input and ", channels, " output channels"),
          text(groups));
  Shape dst = window_shape("conv2d", src[0], channels, convolution_window("conv2d", attributes));
  require(src.size() < 2 || src[1] == dst, "conv2d", text("a second input of ", to_string(dst)),
          src.size() < 2 ? "none" : to_string(src[1]));
  return dst;
}

Shape weight_shape(const Shape& src, const Shape& dst, const Attributes& attributes) {
  const Window window = convolution_window("conv2d", attributes);
  return {dst[1], src[1] / attributes.integer("groups", 1), window.kernel_h, window.kernel_w};
}

std::int64_t conv2d_macs(std::span<const Shape> src, const Attributes& attributes) {
  const Shape dst = conv2d_shape(src, attributes);
  const Shape weight = weight_shape(src[0], dst, attributes);
  return volume(dst) * (volume(weight) / weight[0]);
}

std::vector<ParameterSpec> conv2d_parameters(std::span<const Shape> src,
                                             const Attributes& attributes) {
  const Shape dst = conv2d_shape(src, attributes);
  const Shape weight = weight_shape(src[0], dst, attributes);
  // Each input reaches only the outputs of its own group.
  const std::int64_t fan_out = weight[0] * weight[2] * weight[3] / attributes.integer("groups", 1);
  std::vector<ParameterSpec> result;
  result.push_back({.name = "weight",
                    .shape = weight,
                    .init = Init::kaiming_normal_fan_out,
                    .fan = fan_out,
                    .decay = true});
  if (attributes.integer("bias", 0) != 0) {
    result.push_back({.name = "bias", .shape = {weight[0]}, .init = Init::zeros});
  }
  return result;
}

/// dst[n, o, h, w] = bias[o] + sum over i, kh, kw of weight[o, i, kh, kw]
///   * src[n, group(o) I/groups + i, h stride + kh dilation - padding, ...], to which a second
/// input is added where there is one, and then the activation that was drawn in.
template <class T>
class Conv2d final : public ReferenceKernel {
 public:
  explicit Conv2d(const KernelSpec& spec) : g_(spec) {}

  void forward(const KernelArguments& arguments) override {
    const T* const x = src<T>(arguments);
    const T* const weight = parameter<T>(arguments, 0);
    T* const y = dst<T>(arguments);
#pragma omp parallel for collapse(2) schedule(static)
    for (std::int64_t n = 0; n < g_.batch; ++n) {
      for (std::int64_t o = 0; o < g_.dst_c; ++o) {
        for (std::int64_t pixel = 0; pixel < g_.dst_pixels(); ++pixel) {
          const std::int64_t output = g_.output(n, o, pixel);
          double sum = g_.bias ? static_cast<double>(parameter<T>(arguments, 1)[o]) : 0.0;
          if (g_.residual) sum += static_cast<double>(src<T>(arguments, 1)[output]);
          taps(n, o, pixel, [&](std::int64_t input, std::int64_t tap) {
            sum += static_cast<double>(x[input]) * static_cast<double>(weight[tap]);
          });
          y[output] = static_cast<T>(activated(g_.activation, sum));
        }
      }
    }
  }

  void backward(const KernelArguments& arguments) override {
    if (diff_src<T>(arguments) != nullptr) backward_src(arguments);
    if (g_.residual && diff_src<T>(arguments, 1) != nullptr) backward_residual(arguments);
    if (diff_parameter<T>(arguments, 0) != nullptr) backward_weight(arguments);
    if (g_.bias && diff_parameter<T>(arguments, 1) != nullptr) backward_bias(arguments);
  }

  bool backward_reads_dst() const override { return g_.activation != Activation::none; }

 private:
  /// Calls use(input index, weight index) for all that one output is made of.
  template <class Use>
  void taps(std::int64_t n, std::int64_t o, std::int64_t pixel, const Use& use) const {
    const Window& window = g_.window;
    const std::int64_t first_h = pixel / g_.dst_w * window.stride_h - window.padding_h;
    const std::int64_t first_w = pixel % g_.dst_w * window.stride_w - window.padding_w;
    const std::int64_t first_c = o / g_.group_outputs() * g_.group_inputs();
    std::int64_t tap = o * g_.taps();
    for (std::int64_t c = first_c; c < first_c + g_.group_inputs(); ++c) {
      for (std::int64_t kh = 0; kh < window.kernel_h; ++kh) {
        const std::int64_t h = first_h + kh * window.dilation_h;
        for (std::int64_t kw = 0; kw < window.kernel_w; ++kw, ++tap) {
          const std::int64_t w = first_w + kw * window.dilation_w;
          if (h < 0 || h >= g_.src_h || w < 0 || w >= g_.src_w) continue;
          use(((n * g_.src_c + c) * g_.src_h + h) * g_.src_w + w, tap);
        }
      }
    }
  }

  /// The gradient before the activation, which is known from dst.
  T gradient(const KernelArguments& arguments, std::int64_t output) const {
    const T dy = diff_dst<T>(arguments)[output];
    if (g_.activation == Activation::none) return dy;
    const T y = dst<T>(arguments)[output];
    return g_.activation == Activation::relu ? ReluFunction::gradient(y, dy)
                                             : Relu6Function::gradient(y, dy);
  }

  void backward_residual(const KernelArguments& arguments) const {
    const std::int64_t outputs = g_.batch * g_.dst_c * g_.dst_pixels();
    for (std::int64_t i = 0; i < outputs; ++i) {
      diff_src<T>(arguments, 1)[i] = gradient(arguments, i);
    }
  }

  void backward_src(const KernelArguments& arguments) const {
    const T* const weight = parameter<T>(arguments, 0);
    T* const dx = diff_src<T>(arguments);
    const std::int64_t image = g_.src_c * g_.src_h * g_.src_w;
#pragma omp parallel for schedule(static)
    for (std::int64_t n = 0; n < g_.batch; ++n) {
      std::fill_n(dx + n * image, image, T{0});
      for (std::int64_t o = 0; o < g_.dst_c; ++o) {
        for (std::int64_t pixel = 0; pixel < g_.dst_pixels(); ++pixel) {
          const T dy = gradient(arguments, g_.output(n, o, pixel));
          taps(n, o, pixel,
               [&](std::int64_t input, std::int64_t tap) { dx[input] += dy * weight[tap]; });
        }
      }
    }
  }

  void backward_weight(const KernelArguments& arguments) const {
    const T* const x = src<T>(arguments);
    T* const dw = diff_parameter<T>(arguments, 0);
#pragma omp parallel for schedule(static)
    for (std::int64_t o = 0; o < g_.dst_c; ++o) {
      std::fill_n(dw + o * g_.taps(), g_.taps(), T{0});
      for (std::int64_t n = 0; n < g_.batch; ++n) {
        for (std::int64_t pixel = 0; pixel < g_.dst_pixels(); ++pixel) {
          const T dy = gradient(arguments, g_.output(n, o, pixel));
          taps(n, o, pixel,
               [&](std::int64_t input, std::int64_t tap) { dw[tap] += dy * x[input]; });
        }
      }
    }
  }

  void backward_bias(const KernelArguments& arguments) const {
#pragma omp parallel for schedule(static)
    for (std::int64_t o = 0; o < g_.dst_c; ++o) {
      double sum = 0;
      for (std::int64_t n = 0; n < g_.batch; ++n) {
        for (std::int64_t pixel = 0; pixel < g_.dst_pixels(); ++pixel) {
          sum += static_cast<double>(gradient(arguments, g_.output(n, o, pixel)));
        }
      }
      diff_parameter<T>(arguments, 1)[o] = static_cast<T>(sum);
    }
  }

  Conv2dGeometry g_;
};

}  // namespace

Conv2dGeometry::Conv2dGeometry(const KernelSpec& spec)
    : window(convolution_window(spec.op, spec.attributes)),
      batch(spec.src[0][0]),
      src_c(spec.src[0][1]),
      src_h(spec.src[0][2]),
      src_w(spec.src[0][3]),
      dst_c(spec.dst[1]),
      dst_h(spec.dst[2]),
      dst_w(spec.dst[3]),
      groups(spec.attributes.integer("groups", 1)),
      bias(spec.attributes.integer("bias", 0) != 0),
      activation(fused_activation(spec.attributes)),
      residual(spec.src.size() > 1) {}

void add_conv2d(OperatorRegister& operators) {
  add_operator(operators,
               {.name = "conv2d",
                .inputs = 1,
                .optional_inputs = 1,
                .shape = conv2d_shape,
                .macs = conv2d_macs,
                .parameters = conv2d_parameters,
                .attributes = {"channels", "kernel", "stride", "padding", "dilation", "groups",
                               "bias", "relu", "relu6"}},
               {.reference = make_for_dtype<Conv2d>,
                .blas = make_blas_conv2d,
                .onednn = make_onednn_conv2d});
}

}  // namespace muxnet
