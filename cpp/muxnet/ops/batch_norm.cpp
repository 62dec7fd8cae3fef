#include <cmath>

#include "muxnet/core/error.hpp"
#include "muxnet/ops/define.hpp"
#include "muxnet/ops/onednn.hpp"
#include "muxnet/ops/operators.hpp"
#include "muxnet/ops/reference.hpp"

namespace muxnet {
namespace {

Shape batch_norm_shape(std::span<const Shape> src, const Attributes& attributes) {
  require(src[0].size() == 4 || src[0].size() == 2, "batch_norm", "an input of 2 or 4 axes",
          to_string(src[0]));
  const double eps = attributes.number("eps", 1e-5);
  require(eps > 0, "batch_norm", "eps above 0", text(eps));
  const double momentum = attributes.number("momentum", 0.1);
  require(momentum >= 0 && momentum <= 1, "batch_norm", "momentum in [0, 1]", text(momentum));
  return src[0];
}

std::vector<ParameterSpec> batch_norm_parameters(std::span<const Shape> src, const Attributes&) {
  const Shape channels{src[0][1]};
  return {{.name = "weight", .shape = channels, .init = Init::ones},
          {.name = "bias", .shape = channels, .init = Init::zeros},
          {.name = "running_mean", .shape = channels, .init = Init::zeros, .trainable = false},
          {.name = "running_var", .shape = channels, .init = Init::ones, .trainable = false}};
}

/// y = weight (x - mean) / sqrt(var + eps) + bias per channel, as PyTorch: training normalises by
/// the batch's biased variance and moves the running variance by the unbiased one.
template <class T>
class BatchNorm final : public ReferenceKernel {
 public:
  explicit BatchNorm(const KernelSpec& spec)
      : batch_(spec.dst[0]),
        channels_(spec.dst[1]),
        pixels_(volume(spec.dst) / (spec.dst[0] * spec.dst[1])),
        eps_(spec.attributes.number("eps", 1e-5)),
        momentum_(spec.attributes.number("momentum", 0.1)),
        relu_(spec.attributes.integer("relu", 0) != 0),
        training_(spec.training) {
    require(!training_ || batch_ * pixels_ > 1, "batch_norm",
            "more than one value per channel when training", to_string(spec.dst));
  }

  void forward(const KernelArguments& arguments) override {
#pragma omp parallel for schedule(static)
    for (std::int64_t c = 0; c < channels_; ++c) {
      const Statistics s =
          training_ ? batch_statistics(arguments, c) : running_statistics(arguments, c);
      const double scale = static_cast<double>(parameter<T>(arguments, 0)[c]) * s.inverse_deviation;
      const T factor = static_cast<T>(scale);
      const T shift = static_cast<T>(parameter<T>(arguments, 1)[c] - s.mean * scale);
      for (std::int64_t n = 0; n < batch_; ++n) {
        const T* const x = src<T>(arguments) + plane(n, c);
        T* const y = dst<T>(arguments) + plane(n, c);
#pragma omp simd
        for (std::int64_t p = 0; p < pixels_; ++p) {
          const T value = x[p] * factor + shift;
          y[p] = relu_ && value < 0 ? T{0} : value;
        }
      }
    }
  }

  void backward(const KernelArguments& arguments) override {
    T* const diff_weight = diff_parameter<T>(arguments, 0);
    T* const diff_bias = diff_parameter<T>(arguments, 1);
#pragma omp parallel for schedule(static)
    for (std::int64_t c = 0; c < channels_; ++c) {
      const Sums sums = backward_sums(arguments, c);
      if (diff_weight != nullptr) diff_weight[c] = static_cast<T>(sums.weight);
      if (diff_bias != nullptr) diff_bias[c] = static_cast<T>(sums.bias);
      if (diff_src<T>(arguments) != nullptr) backward_src(arguments, c, sums);
    }
  }

  std::size_t workspace_bytes() const override {
    return training_ ? 2 * static_cast<std::size_t>(channels_) * sizeof(T) : 0;
  }
  bool backward_reads_dst() const override { return relu_; }

 private:
  struct Statistics {
    double mean, inverse_deviation;
  };
  struct Sums {
    double weight = 0, bias = 0;
  };

  std::int64_t plane(std::int64_t n, std::int64_t c) const { return (n * channels_ + c) * pixels_; }

  Statistics running_statistics(const KernelArguments& arguments, std::int64_t c) const {
    const double variance = parameter<T>(arguments, 3)[c];
    return {parameter<T>(arguments, 2)[c], 1 / std::sqrt(variance + eps_)};
  }

  Statistics batch_statistics(const KernelArguments& arguments, std::int64_t c) const {
    const auto count = static_cast<double>(batch_ * pixels_);
    double sum = 0, squares = 0;
    for (std::int64_t n = 0; n < batch_; ++n) {
      const T* const x = src<T>(arguments) + plane(n, c);
#pragma omp simd reduction(+ : sum)
      for (std::int64_t p = 0; p < pixels_; ++p) sum += x[p];
    }
    const double mean = sum / count;
    for (std::int64_t n = 0; n < batch_; ++n) {
      const T* const x = src<T>(arguments) + plane(n, c);
#pragma omp simd reduction(+ : squares)
      for (std::int64_t p = 0; p < pixels_; ++p) squares += (x[p] - mean) * (x[p] - mean);
    }
    move(parameter<T>(arguments, 2)[c], mean);
    move(parameter<T>(arguments, 3)[c], squares / (count - 1));
    const Statistics result{mean, 1 / std::sqrt(squares / count + eps_)};
    saved(arguments, c)[0] = static_cast<T>(result.mean);
    saved(arguments, c)[1] = static_cast<T>(result.inverse_deviation);
    return result;
  }

  void move(T& running, double value) const {
    running = static_cast<T>((1 - momentum_) * static_cast<double>(running) + momentum_ * value);
  }

  /// Mean and inverse deviation of channel c, from forward to backward.
  static T* saved(const KernelArguments& arguments, std::int64_t c) {
    return static_cast<T*>(arguments.workspace) + 2 * c;
  }

  /// The gradient before the fused ReLU, whose mask is the sign of dst.
  T gradient(T y, T dy) const { return relu_ && !(y > 0) ? T{0} : dy; }

  Sums backward_sums(const KernelArguments& arguments, std::int64_t c) const {
    const T mean = saved(arguments, c)[0], inverse_deviation = saved(arguments, c)[1];
    double weight = 0, bias = 0;
    for (std::int64_t n = 0; n < batch_; ++n) {
      const T* const x = src<T>(arguments) + plane(n, c);
      const T* const y = dst<T>(arguments) + plane(n, c);
      const T* const dy = diff_dst<T>(arguments) + plane(n, c);
#pragma omp simd reduction(+ : weight, bias)
      for (std::int64_t p = 0; p < pixels_; ++p) {
        const T g = gradient(relu_ ? y[p] : T{0}, dy[p]);
        bias += g;
        weight += g * ((x[p] - mean) * inverse_deviation);
      }
    }
    return {weight, bias};
  }

  void backward_src(const KernelArguments& arguments, std::int64_t c, const Sums& sums) const {
    const T mean = saved(arguments, c)[0], inverse_deviation = saved(arguments, c)[1];
    const T factor = parameter<T>(arguments, 0)[c] * inverse_deviation;
    const auto count = static_cast<double>(batch_ * pixels_);
    const T bias = static_cast<T>(sums.bias / count), weight = static_cast<T>(sums.weight / count);
    for (std::int64_t n = 0; n < batch_; ++n) {
      const T* const x = src<T>(arguments) + plane(n, c);
      const T* const y = dst<T>(arguments) + plane(n, c);
      const T* const dy = diff_dst<T>(arguments) + plane(n, c);
      T* const dx = diff_src<T>(arguments) + plane(n, c);
#pragma omp simd
      for (std::int64_t p = 0; p < pixels_; ++p) {
        const T normalised = (x[p] - mean) * inverse_deviation;
        dx[p] = factor * (gradient(relu_ ? y[p] : T{0}, dy[p]) - bias - normalised * weight);
      }
    }
  }

  std::int64_t batch_, channels_, pixels_;
  double eps_, momentum_;
  bool relu_, training_;
};

}  // namespace

void add_batch_norm(OperatorRegister& operators) {
  add_operator(operators,
               {.name = "batch_norm",
                .shape = batch_norm_shape,
                .macs = no_macs,
                .parameters = batch_norm_parameters,
                .attributes = {"eps", "momentum", "relu"}},
               {.reference = make_for_dtype<BatchNorm>, .onednn = make_onednn_batch_norm});
}

}  // namespace muxnet
