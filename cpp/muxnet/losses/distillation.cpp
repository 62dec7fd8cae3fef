#include "muxnet/losses/distillation.hpp"

#include <cmath>
#include <vector>

#include "muxnet/losses/checks.hpp"
#include "muxnet/losses/vectors.hpp"

namespace muxnet {
namespace {

/// d(m, e); adds scale * its gradient for m to `diff`.
template <class T>
double distance(const T* m, const T* e, std::int64_t width, double scale, double* diff) {
  const double mm = losses::dot(m, m, width);
  const double norms = std::sqrt(mm * losses::dot(e, e, width));
  if (norms <= 0) return 0.5;
  const double cosine = losses::dot(m, e, width) / norms;
  losses::add_scaled(-scale / (2 * norms), e, diff, width);
  losses::add_scaled(scale * cosine / (2 * mm), m, diff, width);
  return (1 - cosine) / 2;
}

template <class T>
LossValue typed_distillation(const Tensor& meta, std::span<const Tensor> embeddings) {
  const std::int64_t batch = meta.dim(0), width = meta.shape().back();
  const std::int64_t row = meta.size() / batch;
  const std::int64_t stride = meta.shape().size() == 3 ? width : 0;  // 0: the shared one
  LossValue result{0, Tensor(meta.shape(), meta.dtype())};
  std::vector<double> diff(static_cast<std::size_t>(meta.size()));
  const double scale = 1.0 / static_cast<double>(batch);
  for (std::int64_t b = 0; b < batch; ++b) {
    std::int64_t at = b * row;
    for (const auto& embedding : embeddings) {
      result.value += scale * distance(meta.data<T>() + at, embedding.data<T>() + b * width, width,
                                       scale, diff.data() + at);
      at += stride;
    }
  }
  T* dst = result.diff.data<T>();
  for (std::size_t k = 0; k < diff.size(); ++k) dst[k] = static_cast<T>(diff[k]);
  return result;
}

}  // namespace

LossValue distillation(const Tensor& meta, std::span<const Tensor> embeddings) {
  constexpr auto where = "distillation";
  losses::require_alike(embeddings, where, "embeddings");
  const std::int64_t batch = embeddings.front().dim(0), width = embeddings.front().dim(1);
  const auto models = static_cast<std::int64_t>(embeddings.size());
  const Shape wanted = meta.shape().size() == 2 ? Shape{batch, width} : Shape{batch, models, width};
  losses::require_shape(meta, wanted, where, "meta");
  losses::require_dtype(meta, embeddings.front().dtype(), where, "meta");
  return losses::with_float_type(meta.dtype(), where, [&](auto zero) {
    return typed_distillation<decltype(zero)>(meta, embeddings);
  });
}

}  // namespace muxnet
