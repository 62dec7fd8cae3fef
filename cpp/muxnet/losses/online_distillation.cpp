#include "muxnet/losses/online_distillation.hpp"

#include <cmath>
#include <numeric>

#include "muxnet/losses/checks.hpp"
#include "muxnet/losses/softmax.hpp"

namespace muxnet {
namespace {

void require_temperature(double temperature, std::string_view where) {
  require(temperature > 0 && std::isfinite(temperature), where, "a temperature above 0",
          text(temperature));
}

template <class T>
Tensor typed_targets(std::span<const Tensor> logits, std::span<const double> weights,
                     double temperature) {
  const std::int64_t classes = logits.front().dim(1), size = logits.front().size();
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  Tensor result(logits.front().shape(), logits.front().dtype());
  std::vector<double> mean(static_cast<std::size_t>(classes));
  for (std::int64_t row = 0; row < size; row += classes) {
    std::fill(mean.begin(), mean.end(), 0.0);
    for (std::size_t i = 0; i < logits.size(); ++i) {
      const T* src = logits[i].data<T>() + row;
      const losses::LogSoftmax log_softmax(src, classes, 1 / temperature);
      for (std::size_t k = 0; k < mean.size(); ++k) {
        const double log_probability = log_softmax(static_cast<double>(src[k]));
        mean[k] += weights[i] / total * std::exp(log_probability);
      }
    }
    std::transform(mean.begin(), mean.end(), result.data<T>() + row,
                   [](double p) { return static_cast<T>(p); });
  }
  return result;
}

/// T^2 KL(target || softmax(src / T)) of one row, times `scale`; writes its gradient.
template <class T>
double row_divergence(const T* src, const T* target, std::int64_t classes, double temperature,
                      double scale, T* diff) {
  const losses::LogSoftmax log_softmax(src, classes, 1 / temperature);
  double divergence = 0, mass = 0;
  for (std::int64_t k = 0; k < classes; ++k) mass += static_cast<double>(target[k]);
  for (std::int64_t k = 0; k < classes; ++k) {
    const double p = static_cast<double>(target[k]);
    const double log_probability = log_softmax(static_cast<double>(src[k]));
    if (p > 0) divergence += p * (std::log(p) - log_probability);
    // `mass` is 1 up to rounding; with it, value and gradient agree exactly.
    diff[k] = static_cast<T>(scale * temperature * (mass * std::exp(log_probability) - p));
  }
  return scale * temperature * temperature * divergence;
}

template <class T>
OnlineDistillationValue typed_distil_to(std::span<const Tensor> logits, const Tensor& targets,
                                        double temperature) {
  const std::int64_t batch = targets.dim(0), classes = targets.dim(1);
  OnlineDistillationValue result;
  for (const auto& tensor : logits) {
    Tensor diff(tensor.shape(), tensor.dtype());
    for (std::int64_t row = 0; row < tensor.size(); row += classes) {
      result.value +=
          row_divergence(tensor.data<T>() + row, targets.data<T>() + row, classes, temperature,
                         1.0 / static_cast<double>(batch), diff.data<T>() + row);
    }
    result.diff_logits.push_back(diff);
  }
  return result;
}

}  // namespace

Tensor online_targets(std::span<const Tensor> logits, std::span<const double> weights,
                      double temperature) {
  constexpr auto where = "online_targets";
  losses::require_alike(logits, where, "logits");
  require_temperature(temperature, where);
  require(weights.size() == logits.size(), where, text(logits.size(), " weights"),
          text(weights.size()));
  double total = 0;
  for (const double weight : weights) {
    require(weight >= 0 && std::isfinite(weight), where, "weights of at least 0", text(weight));
    total += weight;
  }
  require(total > 0, where, "weights with a sum above 0", text(total));
  return losses::with_float_type(logits.front().dtype(), where, [&](auto zero) {
    return typed_targets<decltype(zero)>(logits, weights, temperature);
  });
}

OnlineDistillationValue distil_to(std::span<const Tensor> logits, const Tensor& targets,
                                  double temperature) {
  constexpr auto where = "distil_to";
  losses::require_alike(logits, where, "logits");
  losses::require_shape(targets, logits.front().shape(), where, "targets");
  losses::require_dtype(targets, logits.front().dtype(), where, "targets");
  require_temperature(temperature, where);
  return losses::with_float_type(targets.dtype(), where, [&](auto zero) {
    return typed_distil_to<decltype(zero)>(logits, targets, temperature);
  });
}

}  // namespace muxnet
