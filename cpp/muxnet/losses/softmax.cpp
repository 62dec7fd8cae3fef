#include "muxnet/losses/softmax.hpp"

#include "muxnet/core/error.hpp"
#include "muxnet/losses/checks.hpp"

namespace muxnet {

Tensor softmax(const Tensor& logits) {
  constexpr auto where = "softmax";
  require(!logits.shape().empty() && logits.shape().back() > 0, where,
          "logits with a last axis of at least 1", to_string(logits.shape()));
  return losses::with_float_type(logits.dtype(), where, [&](auto zero) {
    using T = decltype(zero);
    Tensor result(logits.shape(), logits.dtype());
    const std::int64_t classes = logits.shape().back();
    const T* src = logits.data<T>();
    T* dst = result.data<T>();
    for (std::int64_t row = 0; row < logits.size(); row += classes) {
      const losses::LogSoftmax log_softmax(src + row, classes);
      for (std::int64_t k = row; k < row + classes; ++k) {
        dst[k] = static_cast<T>(std::exp(log_softmax(static_cast<double>(src[k]))));
      }
    }
    return result;
  });
}

Tensor correct_predictions(std::span<const Tensor> logits, const Tensor& labels) {
  constexpr auto where = "correct_predictions";
  losses::require_alike(logits, where, "logits");
  const std::int64_t batch = logits.front().dim(0), classes = logits.front().dim(1);
  losses::require_labels(labels, batch, classes, where);
  return losses::with_float_type(logits.front().dtype(), where, [&](auto zero) {
    using T = decltype(zero);
    const auto models = static_cast<std::int64_t>(logits.size());
    Tensor result({batch, models}, DType::u8);
    const std::int32_t* wanted = labels.data<std::int32_t>();
    std::uint8_t* dst = result.data<std::uint8_t>();
    for (std::int64_t i = 0; i < models; ++i) {
      const T* src = logits[static_cast<std::size_t>(i)].data<T>();
      for (std::int64_t b = 0; b < batch; ++b) {
        const T* row = src + b * classes;
        dst[b * models + i] = std::max_element(row, row + classes) - row == wanted[b];
      }
    }
    return result;
  });
}

}  // namespace muxnet
