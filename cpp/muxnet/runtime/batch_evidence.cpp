#include "muxnet/runtime/batch_evidence.hpp"

#include <algorithm>

namespace muxnet {
namespace {

std::span<const float> row_of(const Tensor& tensor, std::int64_t row) {
  if (tensor.empty()) return {};
  const std::int64_t width = tensor.size() / tensor.dim(0);
  return {tensor.data<float>() + row * width, static_cast<std::size_t>(width)};
}

void copy_row(const Tensor& src, std::int64_t from, Tensor& dst, std::int64_t row) {
  const auto values = row_of(src, from);
  std::copy(values.begin(), values.end(),
            dst.data<float>() + row * static_cast<std::int64_t>(values.size()));
}

bool has_offload(const Multiplexer& multiplexer) {
  return multiplexer.model->graph.outputs().count("offload") > 0;
}

}  // namespace

BatchEvidence::BatchEvidence(std::int64_t rows, std::int64_t models, std::int64_t classes)
    : answers_(rows, models, AnswerForm::of_distributions(classes)) {}

Evidence BatchEvidence::of(std::int64_t row, std::uint64_t called) const {
  Evidence evidence;
  evidence.input = first_input + row;
  if ((called_first & ~called) == 0) {
    evidence.weights = row_of(view.weights, row);
    evidence.scores = row_of(view.scores, row);
  }
  if (!view.offload_score.empty()) evidence.offload_score = view.offload_score.data<float>()[row];
  evidence.features = row_of(view.features, row);
  evidence.called = called;
  answers_.show(row, evidence);
  return evidence;
}

void BatchEvidence::store(std::int64_t row, std::size_t model, const Tensor& answers,
                          std::int64_t from) {
  answers_.store(row, model, row_of(answers, from));
}

void BatchEvidence::store(std::int64_t row, const MultiplexerView& from_view, std::int64_t from) {
  if (!from_view.weights.empty()) copy_row(from_view.weights, from, view.weights, row);
  if (!from_view.scores.empty()) copy_row(from_view.scores, from, view.scores, row);
  if (!from_view.offload_score.empty()) {
    copy_row(from_view.offload_score, from, view.offload_score, row);
  }
}

void BatchEvidence::make_room(const Multiplexer& multiplexer) {
  if (has_offload(multiplexer)) {
    view.offload_score = Tensor({rows()});
    return;
  }
  view.weights = Tensor({rows(), models()});
  if (multiplexer.objective == Objective::correctness) view.scores = Tensor({rows(), models()});
}

}  // namespace muxnet
