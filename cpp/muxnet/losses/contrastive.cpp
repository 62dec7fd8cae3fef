#include "muxnet/losses/contrastive.hpp"

#include <algorithm>
#include <cmath>

#include "muxnet/losses/checks.hpp"
#include "muxnet/losses/vectors.hpp"

namespace muxnet {
namespace {

/// q or cos of one pair, as dot * factor; its gradient for e_i is factor * e_j - radial_i * e_i.
struct Similarity {
  double value = 0;
  double factor = 0;
  double radial_i = 0;
  double radial_j = 0;
};

Similarity similarity(double ij, double ii, double jj, Formulation formulation) {
  if (ii * jj <= 0) return {};
  const bool quotient = formulation == Formulation::paper;
  const double factor = quotient ? 1 / (ii * jj) : 1 / std::sqrt(ii * jj);
  const double value = ij * factor;
  const double power = quotient ? 2 : 1;
  return {value, factor, power * value / ii, power * value / jj};
}

/// The two kinds of pairs that count: how many, their distances, and the weight of one in the loss.
struct Kinds {
  std::int64_t count[2] = {0, 0};
  double distance[2] = {0, 0};
  double weight[2] = {0, 0};
};

constexpr int both_right = 0, one_right = 1;

Kinds count_pairs(const Tensor& correct, Formulation formulation) {
  Kinds kinds;
  const std::int64_t batch = correct.dim(0), models = correct.dim(1);
  const std::uint8_t* right = correct.data<std::uint8_t>();
  for (std::int64_t b = 0; b < batch; ++b, right += models) {
    const auto hits = std::count_if(right, right + models, [](auto r) { return r != 0; });
    kinds.count[both_right] += hits * (hits - 1) / 2;
    kinds.count[one_right] += hits * (models - hits);
  }
  for (const int kind : {both_right, one_right}) {
    const auto count = static_cast<double>(std::max<std::int64_t>(kinds.count[kind], 1));
    // The paper sums over ordered pairs, each of ours twice.
    kinds.weight[kind] =
        formulation == Formulation::paper ? 2.0 / static_cast<double>(batch) : 1 / count;
    if (kind == one_right) kinds.weight[kind] = -kinds.weight[kind];
  }
  return kinds;
}

struct LogDistance {
  double value = 0;
  double slope = 0;  ///< d value / d distance
};

LogDistance log_distance(double distance, const ContrastiveOptions& options) {
  if (options.formulation == Formulation::bounded) {
    return {std::log(options.eps + distance), 1 / (options.eps + distance)};
  }
  if (distance <= options.eps) return {std::log(options.eps), 0};
  if (distance >= 1) return {0, 0};
  return {std::log(distance), 1 / distance};
}

/// One batch in doubles: the pairs of one sample after the other.
template <class T>
class Pairs {
 public:
  Pairs(std::span<const Tensor> embeddings, const ContrastiveOptions& options, Kinds& kinds)
      : options_(options),
        kinds_(kinds),
        models_(embeddings.size()),
        width_(embeddings.front().dim(1)),
        diff_(models_ * static_cast<std::size_t>(width_)) {
    for (const auto& tensor : embeddings) src_.push_back(tensor.data<T>());
  }

  /// Adds the sample's part of the loss to `value` and writes its rows of the gradient.
  void sample(std::int64_t b, const std::uint8_t* right, double& value, std::span<T* const> diff) {
    std::fill(diff_.begin(), diff_.end(), 0.0);
    for (std::size_t i = 0; i < models_; ++i) {
      for (std::size_t j = i + 1; j < models_; ++j) {
        if (right[i] != 0 || right[j] != 0) {
          pair(b, i, j, (right[i] != 0) == (right[j] != 0) ? both_right : one_right, value);
        }
      }
    }
    for (std::size_t i = 0; i < models_; ++i) {
      std::transform(row(i), row(i) + width_, diff[i] + b * width_,
                     [](double x) { return static_cast<T>(x); });
    }
  }

 private:
  double* row(std::size_t i) { return diff_.data() + i * static_cast<std::size_t>(width_); }

  void pair(std::int64_t b, std::size_t i, std::size_t j, int kind, double& value) {
    const T* e_i = src_[i] + b * width_;
    const T* e_j = src_[j] + b * width_;
    const auto s = similarity(losses::dot(e_i, e_j, width_), losses::dot(e_i, e_i, width_),
                              losses::dot(e_j, e_j, width_), options_.formulation);
    // Rounding may take the cosine a little out of [-1, 1].
    const double distance = std::max(0.0, (1 - s.value) / 2);
    const auto log = log_distance(distance, options_);
    kinds_.distance[kind] += distance;
    value += kinds_.weight[kind] * log.value;
    const double slope = -kinds_.weight[kind] * log.slope / 2;
    losses::add_scaled(slope * s.factor, e_j, row(i), width_);
    losses::add_scaled(-slope * s.radial_i, e_i, row(i), width_);
    losses::add_scaled(slope * s.factor, e_i, row(j), width_);
    losses::add_scaled(-slope * s.radial_j, e_j, row(j), width_);
  }

  const ContrastiveOptions& options_;
  Kinds& kinds_;
  std::size_t models_;
  std::int64_t width_;
  std::vector<double> diff_;
  std::vector<const T*> src_;
};

template <class T>
ContrastiveValue typed_contrastive(std::span<const Tensor> embeddings, const Tensor& correct,
                                   const ContrastiveOptions& options) {
  Kinds kinds = count_pairs(correct, options.formulation);
  ContrastiveValue result;
  std::vector<T*> diff;
  for (const auto& tensor : embeddings) {
    result.diff_embeddings.emplace_back(tensor.shape(), tensor.dtype());
    diff.push_back(result.diff_embeddings.back().template data<T>());
  }
  Pairs<T> pairs(embeddings, options, kinds);
  const std::uint8_t* right = correct.data<std::uint8_t>();
  for (std::int64_t b = 0; b < correct.dim(0); ++b, right += correct.dim(1)) {
    pairs.sample(b, right, result.value, diff);
  }
  const auto mean = [&](int kind) {
    const auto count = static_cast<double>(kinds.count[kind]);
    return Weighted{kinds.distance[kind] / std::max(count, 1.0), count};
  };
  result.distances = {mean(both_right), mean(one_right)};
  return result;
}

}  // namespace

ContrastiveValue contrastive(std::span<const Tensor> embeddings, const Tensor& correct,
                             const ContrastiveOptions& options) {
  constexpr auto where = "contrastive";
  losses::require_alike(embeddings, where, "embeddings");
  const auto models = static_cast<std::int64_t>(embeddings.size());
  losses::require_shape(correct, {embeddings.front().dim(0), models}, where, "correct");
  losses::require_dtype(correct, DType::u8, where, "correct");
  require(options.eps > 0 && options.eps < 1, where, "eps in (0, 1)", text(options.eps));
  return losses::with_float_type(embeddings.front().dtype(), where, [&](auto zero) {
    return typed_contrastive<decltype(zero)>(embeddings, correct, options);
  });
}

}  // namespace muxnet
