#include "muxnet/routing/rule.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "muxnet/core/error.hpp"

namespace muxnet {

Distribution Evidence::distribution(std::size_t model) const {
  const std::size_t width = probabilities.size() / predictions.size();
  Distribution result{probabilities.subspan(model * width, width), {}, classes};
  if (!top_classes.empty()) result.classes = top_classes.subspan(model * width, width);
  return result;
}

OutcomeRows::OutcomeRows(const OutcomeTable& table) : table_(&table) {}

Evidence OutcomeRows::at(std::size_t row) const {
  const OutcomeFields& fields = table_->fields();
  const auto rows = static_cast<std::size_t>(table_->size());
  const auto of = [&]<class T>(const Tensor& tensor, T) -> std::span<const T> {
    if (tensor.empty()) return {};
    const std::size_t width = static_cast<std::size_t>(tensor.size()) / rows;
    return {tensor.data<T>() + row * width, width};
  };
  Evidence evidence;
  evidence.input = table_->identity()->places[row];
  evidence.classes = static_cast<std::size_t>(fields.classes);
  evidence.predictions = of(fields.predictions, std::int32_t{});
  evidence.confidences = of(table_->confidences(), float{});
  evidence.answer_scores = of(fields.answer_scores, float{});
  evidence.probabilities = of(fields.probabilities, float{});
  evidence.top_classes = of(fields.top_classes, std::int32_t{});
  evidence.weights = of(fields.weights, float{});
  evidence.scores = of(fields.scores, float{});
  evidence.features = of(fields.features, float{});
  if (!fields.offload_score.empty())
    evidence.offload_score = fields.offload_score.data<float>()[row];
  if (!fields.labels.empty()) evidence.label = fields.labels.data<std::int32_t>()[row];
  if (table_->judged()) evidence.quality = of(table_->quality(), float{});
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

namespace {

/// The class that most of the models give, of equals the surest one's.
std::int32_t vote(const Evidence& evidence, std::uint64_t models) {
  const auto before = [&](std::size_t a, std::size_t b) {  // NaN is surer than nothing
    return !(evidence.confidences[a] <= evidence.confidences[b]) &&
           !std::isnan(evidence.confidences[a]);
  };
  std::size_t winner = 0, most = 0;
  for (const std::size_t model : models_of(models)) {
    std::size_t votes = 0;
    for (const std::size_t other : models_of(models)) {
      votes += evidence.predictions[other] == evidence.predictions[model] ? 1 : 0;
    }
    if (votes < most || (votes == most && !before(model, winner))) continue;
    most = votes;
    winner = model;
  }
  return evidence.predictions[winner];
}

}  // namespace

std::int32_t answer_alone(const Evidence& evidence, std::size_t model,
                          std::span<float> probabilities) {
  if (!probabilities.empty()) {
    const std::size_t classes = probabilities.size();
    if (!evidence.whole.empty()) {
      std::copy_n(evidence.whole.data() + model * classes, classes, probabilities.begin());
    } else if (!evidence.probabilities.empty()) {
      evidence.distribution(model).expand(probabilities);
    } else {
      tell(evidence.predictions[model], probabilities);
    }
  }
  return evidence.predictions[model];
}

void keep_answers(const Evidence& evidence, std::uint64_t models, Mixture& joint) {
  const auto answered = [&](std::size_t place) {
    for (const std::size_t model : models_of(models)) {
      if (evidence.predictions[model] == joint.class_at(place)) return true;
    }
    return false;
  };
  // Never 0, so that the likeliest is an answer whatever they are given.
  constexpr float least = std::numeric_limits<float>::min();
  float sum = 0;
  for (std::size_t place = 0; place < joint.values.size(); ++place) {
    float& value = joint.values[place];
    value = answered(place) ? std::max(value, least) : 0;
    sum += value;
  }
  for (float& value : joint.values) value /= sum;
  joint.other = 0;
}

void tell(std::int32_t answer, std::span<float> probabilities) {
  std::fill(probabilities.begin(), probabilities.end(), 0.0F);
  if (!probabilities.empty()) probabilities[static_cast<std::size_t>(answer)] = 1;
}

std::int32_t Rule::combine(const Evidence& evidence, std::uint64_t answer_from,
                           std::span<float> probabilities) const {
  if (std::has_single_bit(answer_from)) {
    return answer_alone(evidence, static_cast<std::size_t>(std::countr_zero(answer_from)),
                        probabilities);
  }
  if (evidence.probabilities.empty()) {
    const std::int32_t answer = vote(evidence, answer_from);
    tell(answer, probabilities);
    return answer;
  }
  thread_local std::vector<Distribution> said;
  thread_local Mixture mean;
  said.clear();
  for (const std::size_t model : models_of(answer_from)) {
    said.push_back(evidence.distribution(model));
  }
  mean_of(said, mean);
  if (among_answers_) keep_answers(evidence, answer_from, mean);
  if (!probabilities.empty()) mean.expand(probabilities);
  return mean.class_at(mean.top());
}

double Rule::confidence(const Evidence& evidence, std::uint64_t answer_from,
                        std::int32_t answer) const {
  const bool distributed = !evidence.probabilities.empty();
  if (std::has_single_bit(answer_from)) {
    const auto model = static_cast<std::size_t>(std::countr_zero(answer_from));
    return static_cast<double>(distributed ? evidence.distribution(model).at(answer)
                                           : evidence.confidences[model]);
  }
  if (distributed) {
    thread_local std::vector<float> joint;
    joint.resize(evidence.classes);
    combine(evidence, answer_from, joint);
    return static_cast<double>(joint[static_cast<std::size_t>(answer)]);
  }
  double agree = 0;
  for (const std::size_t model : models_of(answer_from)) {
    agree += evidence.predictions[model] == answer ? 1 : 0;
  }
  return agree / std::popcount(answer_from);
}

bool Rule::abstains(double confidence) const {
  return least_confidence_ && !(confidence >= *least_confidence_);
}

std::vector<double> answer_confidences(const Rule& rule, const OutcomeTable& table) {
  const OutcomeRows rows(table);
  std::vector<double> result;
  for (std::size_t row = 0; row < static_cast<std::size_t>(table.size()); ++row) {
    Evidence evidence = rows.at(row);
    const Step step = run_steps(rule, evidence, [](const Evidence&, const Step&) {});
    const std::int32_t answer = rule.combine(evidence, step.answer_from, {});
    result.push_back(rule.confidence(evidence, step.answer_from, answer));
  }
  return result;
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
  decisions.answered_from.resize(n);
  const OutcomeRows rows(table);
  for (std::size_t row = 0; row < n; ++row) {
    Evidence evidence = rows.at(row);
    const Step step = run_steps(*this, evidence, [](const Evidence&, const Step&) {});
    decisions.called[row] = evidence.called;
    decisions.answered_from[row] = step.answer_from;
    const auto first = static_cast<std::size_t>(std::countr_zero(step.answer_from));
    decisions.answers[row] = std::has_single_bit(step.answer_from)
                                 ? evidence.predictions[first]
                                 : combine(evidence, step.answer_from, {});
  }
  return decisions;
}

}  // namespace muxnet
