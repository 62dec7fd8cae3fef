#include "muxnet/losses/multiplexer.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "muxnet/losses/checks.hpp"
#include "muxnet/losses/softmax.hpp"

namespace muxnet {
namespace {

constexpr double smallest_answer = 1e-12;

/// Eq. 5 for model i, with v the identity: slope_i * score_i + offset_i.
struct CostTerms {
  std::vector<double> slope;
  std::vector<double> offset;
};

CostTerms cost_terms(std::int64_t models, std::span<const double> costs,
                     const WeightOptions& options) {
  constexpr auto where = "multiplexer_weights";
  require(costs.size() == static_cast<std::size_t>(models), where, text(models, " costs"),
          text(costs.size()));
  for (const double cost : costs) {
    require(cost > 0 && std::isfinite(cost), where, "positive finite costs", text(cost));
  }
  require(std::isfinite(options.lambda_cost) && options.lambda_cost >= 0, where,
          "lambda_cost of at least 0", text(options.lambda_cost));
  const auto [least, most] = std::minmax_element(costs.begin(), costs.end());
  CostTerms terms;
  for (const double cost : costs) {
    const bool paper = options.formulation == Formulation::paper;
    terms.slope.push_back(paper ? *least / cost : 1);
    terms.offset.push_back(paper ? 0 : -options.lambda_cost * cost / *most);
  }
  return terms;
}

/// Eq. 6 for one row of scores.
template <class T>
void weigh(const T* scores, const CostTerms& terms, std::vector<double>& weights) {
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weights[i] = terms.slope[i] * static_cast<double>(scores[i]) + terms.offset[i];
  }
  const losses::LogSoftmax log_softmax(weights.data(), static_cast<std::int64_t>(weights.size()));
  for (double& weight : weights) weight = std::exp(log_softmax(weight));
}

template <class T>
Tensor typed_weights(const Tensor& scores, const CostTerms& terms) {
  Tensor result(scores.shape(), scores.dtype());
  const std::int64_t models = scores.dim(1);
  std::vector<double> weights(static_cast<std::size_t>(models));
  for (std::int64_t row = 0; row < scores.size(); row += models) {
    weigh(scores.data<T>() + row, terms, weights);
    std::transform(weights.begin(), weights.end(), result.data<T>() + row,
                   [](double w) { return static_cast<T>(w); });
  }
  return result;
}

template <class T>
MultiplexerValue typed_ensemble(const Tensor& scores, const Tensor& probabilities,
                                const Tensor& labels, const CostTerms& terms) {
  const std::int64_t batch = scores.dim(0), models = scores.dim(1), classes = probabilities.dim(2);
  MultiplexerValue result{0, Tensor(scores.shape(), scores.dtype()),
                          Tensor(scores.shape(), scores.dtype())};
  std::vector<double> weights(static_cast<std::size_t>(models));
  const double scale = 1.0 / static_cast<double>(batch);
  for (std::int64_t b = 0; b < batch; ++b) {
    weigh(scores.data<T>() + b * models, terms, weights);
    // Only the label's column of the answer y_ENS = sum_i w_i f_i enters the loss.
    const T* column =
        probabilities.data<T>() + b * models * classes + labels.data<std::int32_t>()[b];
    const auto given = [&](std::size_t i) {
      return static_cast<double>(column[static_cast<std::int64_t>(i) * classes]);
    };
    double answer = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) answer += weights[i] * given(i);
    result.value -= scale * std::log(std::max(answer, smallest_answer));
    T* diff = result.diff_scores.data<T>() + b * models;
    T* kept = result.weights.data<T>() + b * models;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      kept[i] = static_cast<T>(weights[i]);
      const double pull = answer > smallest_answer ? 1 - given(i) / answer : 0;
      diff[i] = static_cast<T>(scale * terms.slope[i] * weights[i] * pull);
    }
  }
  return result;
}

template <class T>
void require_probabilities(const Tensor& correct, std::string_view where) {
  for (const T value : correct.span<T>()) {
    require(value <= 1, where, "probabilities of at most 1", text(value));  // NaN is not, either
  }
}

template <class T, class Right>
MultiplexerValue typed_correctness(const Tensor& scores, const Tensor& correct) {
  MultiplexerValue result{0, Tensor(scores.shape(), scores.dtype()),
                          Tensor(scores.shape(), scores.dtype())};
  const T* src = scores.data<T>();
  const Right* right = correct.data<Right>();
  T* diff = result.diff_scores.data<T>();
  T* weights = result.weights.data<T>();
  const double scale = 1.0 / static_cast<double>(scores.size());
  for (std::int64_t i = 0; i < scores.size(); ++i) {
    const double x = static_cast<double>(src[i]);
    const double target = std::min(static_cast<double>(right[i]), 1.0);
    const double small = std::exp(-std::abs(x));  // never overflows
    const double sigmoid = (x < 0 ? small : 1) / (1 + small);
    weights[i] = static_cast<T>(sigmoid);
    if (target < 0) continue;
    result.value += scale * (std::max(x, 0.0) - x * target + std::log1p(small));
    diff[i] = static_cast<T>(scale * (sigmoid - target));
  }
  return result;
}

}  // namespace

Tensor multiplexer_weights(const Tensor& scores, std::span<const double> costs,
                           const WeightOptions& options) {
  constexpr auto where = "multiplexer_weights";
  losses::require_shape(scores, {-1, -1}, where, "scores");
  const auto terms = cost_terms(scores.dim(1), costs, options);
  return losses::with_float_type(scores.dtype(), where, [&](auto zero) {
    return typed_weights<decltype(zero)>(scores, terms);
  });
}

MultiplexerValue multiplexer_ensemble(const Tensor& scores, const Tensor& model_probabilities,
                                      const Tensor& labels, std::span<const double> costs,
                                      const WeightOptions& options) {
  constexpr auto where = "multiplexer_ensemble";
  losses::require_shape(scores, {-1, -1}, where, "scores");
  losses::require_shape(model_probabilities, {scores.dim(0), scores.dim(1), -1}, where,
                        "model_probabilities");
  losses::require_dtype(model_probabilities, scores.dtype(), where, "model_probabilities");
  losses::require_labels(labels, scores.dim(0), model_probabilities.dim(2), where);
  const auto terms = cost_terms(scores.dim(1), costs, options);
  return losses::with_float_type(scores.dtype(), where, [&](auto zero) {
    return typed_ensemble<decltype(zero)>(scores, model_probabilities, labels, terms);
  });
}

MultiplexerValue multiplexer_correctness(const Tensor& scores, const Tensor& correct) {
  constexpr auto where = "multiplexer_correctness";
  losses::require_shape(scores, {-1, -1}, where, "scores");
  losses::require_shape(correct, scores.shape(), where, "correct");
  const bool bits = correct.dtype() == DType::u8;
  if (!bits) losses::require_dtype(correct, scores.dtype(), where, "correct");
  return losses::with_float_type(scores.dtype(), where, [&](auto zero) {
    using T = decltype(zero);
    if (bits) return typed_correctness<T, std::uint8_t>(scores, correct);
    require_probabilities<T>(correct, where);
    return typed_correctness<T, T>(scores, correct);
  });
}

}  // namespace muxnet
