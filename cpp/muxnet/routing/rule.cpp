#include "muxnet/routing/rule.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <vector>

#include "muxnet/core/error.hpp"

namespace muxnet {

OutcomeRows::OutcomeRows(const OutcomeTable& table)
    : models_(static_cast<std::size_t>(table.model_count())),
      classes_(static_cast<std::size_t>(table.class_count())),
      probabilities_(table.fields().probabilities.span<float>()),
      predictions_(table.predictions().span<std::int32_t>()),
      confidences_(table.confidences().span<float>()),
      weights_(table.fields().weights.span<float>()),
      scores_(table.fields().scores.span<float>()),
      offload_scores_(table.fields().offload_score.span<float>()),
      features_(table.fields().features.span<float>()),
      labels_(table.labelled() ? table.labels() : std::span<const std::int32_t>{}) {}

Evidence OutcomeRows::at(std::size_t row) const {
  Evidence evidence;
  evidence.input = static_cast<std::int64_t>(row);
  evidence.probabilities = probabilities_.subspan(row * models_ * classes_, models_ * classes_);
  evidence.predictions = predictions_.subspan(row * models_, models_);
  evidence.confidences = confidences_.subspan(row * models_, models_);
  if (!weights_.empty()) evidence.weights = weights_.subspan(row * models_, models_);
  if (!scores_.empty()) evidence.scores = scores_.subspan(row * models_, models_);
  if (!offload_scores_.empty()) evidence.offload_score = offload_scores_[row];
  if (!features_.empty()) {
    const std::size_t width = features_.size() * models_ / predictions_.size();
    evidence.features = features_.subspan(row * width, width);
  }
  if (!labels_.empty()) evidence.label = labels_[row];
  return evidence;
}

Reason Reason::at_least(std::string quantity, double value, double threshold) {
  return {std::move(quantity), value, value >= threshold ? ">=" : "<", threshold, "threshold", {}};
}

Reason Reason::above(std::string quantity, double value, double threshold) {
  return {std::move(quantity), value, value > threshold ? ">" : "<=", threshold, "threshold", {}};
}

Reason Rule::explain(const Evidence&) const { return {}; }

void check_step(const Step& step, std::uint64_t called) {
  if (step.call != 0) {
    if ((step.call & ~called) == 0) {
      throw std::logic_error(error_text("rule", "a step that calls a new model", "a repetition"));
    }
  } else if (step.answer_from == 0 || (step.answer_from & ~called) != 0) {
    throw std::logic_error(error_text("rule", "an answer from called models", "another"));
  }
}

std::int32_t Rule::combine(const Evidence& evidence, std::uint64_t answer_from,
                           std::span<float> probabilities) const {
  std::fill(probabilities.begin(), probabilities.end(), 0.0F);
  const std::size_t classes = probabilities.size();
  for (const std::size_t model : models_of(answer_from)) {
    const float* row = evidence.probabilities.data() + model * classes;
    for (std::size_t k = 0; k < classes; ++k) probabilities[k] += row[k];
  }
  const float scale = 1.0F / static_cast<float>(std::popcount(answer_from));
  for (float& value : probabilities) value *= scale;
  const auto top = std::max_element(probabilities.begin(), probabilities.end());
  return static_cast<std::int32_t>(top - probabilities.begin());
}

Tensor answer_probabilities(const Rule& rule, const OutcomeTable& table) {
  const OutcomeRows rows(table);
  const auto classes = static_cast<std::size_t>(table.class_count());
  Tensor result({table.size(), table.class_count()});
  for (std::size_t row = 0; row < static_cast<std::size_t>(table.size()); ++row) {
    Evidence evidence = rows.at(row);
    const Step step = run_steps(rule, evidence, [](const Evidence&, const Step&) {});
    rule.combine(evidence, step.answer_from, result.span<float>().subspan(row * classes, classes));
  }
  return result;
}

Decisions Rule::replay(const OutcomeTable& table) const {
  const auto n = static_cast<std::size_t>(table.size());
  Decisions decisions;
  decisions.called.resize(n);
  decisions.answers.resize(n);
  std::vector<float> mean(static_cast<std::size_t>(table.class_count()));
  const OutcomeRows rows(table);
  for (std::size_t row = 0; row < n; ++row) {
    Evidence evidence = rows.at(row);
    const Step step = run_steps(*this, evidence, [](const Evidence&, const Step&) {});
    decisions.called[row] = evidence.called;
    const auto first = static_cast<std::size_t>(std::countr_zero(step.answer_from));
    decisions.answers[row] = std::has_single_bit(step.answer_from)
                                 ? evidence.predictions[first]
                                 : combine(evidence, step.answer_from, mean);
  }
  return decisions;
}

}  // namespace muxnet
