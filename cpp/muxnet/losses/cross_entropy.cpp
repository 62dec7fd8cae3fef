#include "muxnet/losses/cross_entropy.hpp"

#include "muxnet/losses/checks.hpp"
#include "muxnet/losses/softmax.hpp"

namespace muxnet {
namespace {

template <class T>
LossValue typed_cross_entropy(const Tensor& logits, const Tensor& labels, double smoothing) {
  const std::int64_t batch = logits.dim(0), classes = logits.dim(1);
  LossValue result{0, Tensor(logits.shape(), logits.dtype())};
  const T* src = logits.data<T>();
  T* diff = result.diff.data<T>();
  const double uniform = smoothing / static_cast<double>(classes);
  const double scale = 1.0 / static_cast<double>(batch);
  for (std::int64_t b = 0; b < batch; ++b, src += classes, diff += classes) {
    const losses::LogSoftmax log_softmax(src, classes);
    const std::int32_t label = labels.data<std::int32_t>()[b];
    for (std::int64_t k = 0; k < classes; ++k) {
      const double target = uniform + (k == label ? 1 - smoothing : 0.0);
      const double log_probability = log_softmax(static_cast<double>(src[k]));
      // 0 * log 0 counts as 0, also where a logit is -inf.
      if (target > 0) result.value -= scale * target * log_probability;
      diff[k] = static_cast<T>(scale * (std::exp(log_probability) - target));
    }
  }
  return result;
}

}  // namespace

LossValue cross_entropy(const Tensor& logits, const Tensor& labels, double label_smoothing) {
  constexpr auto where = "cross_entropy";
  losses::require_shape(logits, {-1, -1}, where, "logits");
  losses::require_labels(labels, logits.dim(0), logits.dim(1), where);
  require(label_smoothing >= 0 && label_smoothing <= 1, where, "label_smoothing in [0, 1]",
          text(label_smoothing));
  return losses::with_float_type(logits.dtype(), where, [&](auto zero) {
    return typed_cross_entropy<decltype(zero)>(logits, labels, label_smoothing);
  });
}

}  // namespace muxnet
