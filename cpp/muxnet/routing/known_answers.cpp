#include "muxnet/routing/known_answers.hpp"

#include <algorithm>
#include <limits>

namespace muxnet {
namespace {

template <class T>
std::span<T> cell_of(Tensor& values, std::int64_t cell) {
  const std::int64_t width = values.shape().back();
  return {values.data<T>() + cell * width, static_cast<std::size_t>(width)};
}

/// All that a row of (n, N, ...) holds.
template <class T>
std::span<const T> row_of(const Tensor& values, std::int64_t row) {
  if (values.empty()) return {};
  const std::int64_t width = values.size() / values.dim(0);
  return {values.data<T>() + row * width, static_cast<std::size_t>(width)};
}

}  // namespace

AnswerForm AnswerForm::of_distributions(std::int64_t classes) {
  const bool wide = classes > static_cast<std::int64_t>(most_dense_classes);
  return {classes, wide ? static_cast<std::int64_t>(kept_classes) : classes, 0};
}

KnownAnswers::KnownAnswers(std::int64_t rows, std::int64_t models, const AnswerForm& form)
    : classes_(form.classes),
      predictions_({rows, models}, DType::i32),
      confidences_({rows, models}),
      scores_({rows, models, form.scores}),
      probabilities_({rows, models, form.listed}) {
  const auto predictions = predictions_.span<std::int32_t>();
  std::fill(predictions.begin(), predictions.end(), no_answer);
  if (form.listed == 0 || form.listed == form.classes) return;
  top_classes_ = Tensor(probabilities_.shape(), DType::i32);
  whole_ = Tensor({rows, models, form.classes});
}

std::int64_t KnownAnswers::cell(std::int64_t row, std::size_t model) const {
  return row * models() + static_cast<std::int64_t>(model);
}

void KnownAnswers::store(std::int64_t row, std::size_t model,
                         std::span<const float> probabilities) {
  const std::int64_t at = cell(row, model);
  const auto best = std::max_element(probabilities.begin(), probabilities.end());
  predictions_.data<std::int32_t>()[at] = static_cast<std::int32_t>(best - probabilities.begin());
  confidences_.data<float>()[at] = *best;
  Tensor& all = top_classes_.empty() ? probabilities_ : whole_;
  std::copy(probabilities.begin(), probabilities.end(), cell_of<float>(all, at).begin());
  if (top_classes_.empty()) return;
  keep_likeliest(probabilities, cell_of<std::int32_t>(top_classes_, at),
                 cell_of<float>(probabilities_, at));
}

void KnownAnswers::store(std::int64_t row, std::size_t model, const Distribution& likeliest) {
  const std::int64_t at = cell(row, model);
  predictions_.data<std::int32_t>()[at] = likeliest.classes.front();
  confidences_.data<float>()[at] = likeliest.values.front();
  std::copy(likeliest.classes.begin(), likeliest.classes.end(),
            cell_of<std::int32_t>(top_classes_, at).begin());
  std::copy(likeliest.values.begin(), likeliest.values.end(),
            cell_of<float>(probabilities_, at).begin());
  likeliest.expand(cell_of<float>(whole_, at));
}

void KnownAnswers::store(std::int64_t row, std::size_t model, std::int32_t answer,
                         std::span<const float> scores) {
  const std::int64_t at = cell(row, model);
  predictions_.data<std::int32_t>()[at] = answer;
  confidences_.data<float>()[at] =
      scores.empty() ? std::numeric_limits<float>::quiet_NaN() : scores.front();
  if (!scores.empty()) std::copy(scores.begin(), scores.end(), cell_of<float>(scores_, at).begin());
}

void KnownAnswers::show(std::int64_t row, Evidence& evidence) const {
  evidence.classes = static_cast<std::size_t>(classes_);
  evidence.predictions = row_of<std::int32_t>(predictions_, row);
  evidence.confidences = row_of<float>(confidences_, row);
  evidence.answer_scores = row_of<float>(scores_, row);
  evidence.probabilities = row_of<float>(probabilities_, row);
  evidence.top_classes = row_of<std::int32_t>(top_classes_, row);
  evidence.whole = row_of<float>(whole_, row);
}

}  // namespace muxnet
