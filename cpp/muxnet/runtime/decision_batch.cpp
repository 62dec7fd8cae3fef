#include "muxnet/runtime/decision_batch.hpp"

#include <algorithm>
#include <numeric>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

template <class T = float>
std::span<const T> row_of(const Tensor& tensor, std::int64_t row) {
  if (tensor.empty()) return {};
  const std::int64_t width = tensor.size() / tensor.dim(0);
  return {tensor.data<T>() + row * width, static_cast<std::size_t>(width)};
}

}  // namespace

DecisionBatch::DecisionBatch(std::shared_ptr<const Rule> rule, std::int64_t n, std::int64_t models,
                             MultiplexerView view, std::int64_t first_input)
    : rule_(std::move(rule)),
      view_(std::move(view)),
      n_(n),
      models_(models),
      first_input_(first_input) {
  require(rule_ != nullptr && n > 0 && models > 0, "decision batch",
          "a rule, inputs and models, one at least of each",
          text(n, " inputs and ", models, " models"));
  for (const Tensor* seen : {&view_.weights, &view_.scores, &view_.offload_score}) {
    const Shape shape = seen == &view_.offload_score ? Shape{n} : Shape{n, models};
    require(seen->empty() || (seen->shape() == shape && seen->dtype() == DType::f32),
            "decision batch", text("the multiplexer's output f32 ", to_string(shape)),
            to_string(seen->shape()));
  }
  const Tensor& features = view_.features;
  require(features.empty() || (features.dtype() == DType::f32 && features.shape().size() == 2 &&
                               features.dim(0) == n),
          "decision batch", text("features f32 (", n, ", F)"), to_string(features.shape()));
  called_.assign(static_cast<std::size_t>(n), 0);
  answers_.assign(static_cast<std::size_t>(n), 0);
  wanted_.resize(static_cast<std::size_t>(models));
  waiting_.resize(static_cast<std::size_t>(n));
  std::iota(waiting_.begin(), waiting_.end(), std::int64_t{0});
  advance();
}

void DecisionBatch::make_room(std::int64_t classes) {
  outputs_ = Tensor({n_, models_, classes});
  predictions_ = Tensor({n_, models_}, DType::i32);
  confidences_ = Tensor({n_, models_});
  joint_ = Tensor({n_, classes});
}

Evidence DecisionBatch::evidence(std::int64_t row) const {
  Evidence e;
  e.input = first_input_ + row;
  e.weights = row_of(view_.weights, row);
  e.scores = row_of(view_.scores, row);
  if (!view_.offload_score.empty()) e.offload_score = view_.offload_score.data<float>()[row];
  e.features = row_of(view_.features, row);
  e.called = called_.at(static_cast<std::size_t>(row));
  e.probabilities = row_of(outputs_, row);
  e.predictions = row_of<std::int32_t>(predictions_, row);
  e.confidences = row_of(confidences_, row);
  return e;
}

void DecisionBatch::store(std::size_t model, const Tensor& answers) {
  auto& rows = wanted_.at(model);
  if (outputs_.empty() && answers.shape().size() == 2) make_room(answers.dim(1));
  const Shape expected{static_cast<std::int64_t>(rows.size()), joint_.empty() ? 1 : joint_.dim(1)};
  require(answers.shape() == expected && answers.dtype() == DType::f32 && !rows.empty(),
          "decision batch", text("probabilities f32 ", to_string(expected), " that were wanted"),
          text(name_of(answers.dtype()), ' ', to_string(answers.shape())));
  const std::int64_t classes = expected[1];
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const float* from = answers.data<float>() + static_cast<std::int64_t>(i) * classes;
    const std::int64_t cell = rows[i] * models_ + static_cast<std::int64_t>(model);
    std::copy_n(from, classes, outputs_.data<float>() + cell * classes);
    const float* best = std::max_element(from, from + classes);
    predictions_.data<std::int32_t>()[cell] = static_cast<std::int32_t>(best - from);
    confidences_.data<float>()[cell] = *best;
    called_[static_cast<std::size_t>(rows[i])] |= model_bit(model);
  }
  rows.clear();
  const bool all = std::all_of(wanted_.begin(), wanted_.end(),
                               [](const auto& wanting) { return wanting.empty(); });
  if (all) advance();
}

/// One step of every input that has no answer yet.
void DecisionBatch::advance() {
  std::vector<std::int64_t> still;
  for (const std::int64_t row : waiting_) {
    const Evidence known = evidence(row);
    const Step step = rule_->next(known);
    check_step(step, known.called);
    if (step.call == 0) {
      const std::int64_t classes = joint_.dim(1);
      answers_[static_cast<std::size_t>(row)] =
          rule_->combine(known, step.answer_from,
                         {joint_.data<float>() + row * classes, static_cast<std::size_t>(classes)});
      continue;
    }
    for (std::size_t model = 0; model < wanted_.size(); ++model) {
      if ((step.call & ~known.called & model_bit(model)) != 0) wanted_[model].push_back(row);
    }
    still.push_back(row);
  }
  waiting_ = std::move(still);
}

}  // namespace muxnet
