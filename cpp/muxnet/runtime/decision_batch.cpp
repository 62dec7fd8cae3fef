#include "muxnet/runtime/decision_batch.hpp"

#include <algorithm>
#include <numeric>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

void check_view(const MultiplexerView& view, std::int64_t n, std::int64_t models) {
  for (const Tensor* seen : {&view.weights, &view.scores, &view.offload_score}) {
    const Shape shape = seen == &view.offload_score ? Shape{n} : Shape{n, models};
    require(seen->empty() || (seen->shape() == shape && seen->dtype() == DType::f32),
            "decision batch", text("the multiplexer's output f32 ", to_string(shape)),
            to_string(seen->shape()));
  }
  const Tensor& features = view.features;
  require(features.empty() || (features.dtype() == DType::f32 && features.shape().size() == 2 &&
                               features.dim(0) == n),
          "decision batch", text("features f32 (", n, ", F)"), to_string(features.shape()));
}

}  // namespace

DecisionBatch::DecisionBatch(std::shared_ptr<const Rule> rule, std::int64_t n, std::int64_t models,
                             MultiplexerView view, std::int64_t first_input)
    : rule_(std::move(rule)), known_(n, models, 0) {
  require(rule_ != nullptr && n > 0 && models > 0, "decision batch",
          "a rule, inputs and models, one at least of each",
          text(n, " inputs and ", models, " models"));
  check_view(view, n, models);
  known_.view = std::move(view);
  known_.first_input = first_input;
  called_.assign(static_cast<std::size_t>(n), 0);
  answers_.assign(static_cast<std::size_t>(n), 0);
  wanted_.resize(static_cast<std::size_t>(models));
  waiting_.resize(static_cast<std::size_t>(n));
  std::iota(waiting_.begin(), waiting_.end(), std::int64_t{0});
  advance();
}

void DecisionBatch::show(MultiplexerView view) {
  const auto writing = access_.write("decision batch, show");
  if (view.features.empty()) view.features = known_.view.features;
  check_view(view, known_.rows(), known_.models());
  known_.view = std::move(view);
}

/// Once the first answers say how many classes there are.
void DecisionBatch::make_room(std::int64_t classes) {
  BatchEvidence room(known_.rows(), known_.models(), classes);
  room.view = std::move(known_.view);
  room.first_input = known_.first_input;
  known_ = std::move(room);
  joint_ = Tensor({known_.rows(), classes});
}

void DecisionBatch::store(std::size_t model, const Tensor& answers) {
  const auto writing = access_.write("decision batch, store");
  auto& rows = wanted_.at(model);
  if (joint_.empty() && answers.shape().size() == 2) make_room(answers.dim(1));
  const Shape expected{static_cast<std::int64_t>(rows.size()), joint_.empty() ? 1 : joint_.dim(1)};
  require(answers.shape() == expected && answers.dtype() == DType::f32 && !rows.empty(),
          "decision batch", text("probabilities f32 ", to_string(expected), " that were wanted"),
          text(name_of(answers.dtype()), ' ', to_string(answers.shape())));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    known_.store(rows[i], model, answers, static_cast<std::int64_t>(i));
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
