#include "muxnet/training/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

void require_labels(const Tensor& labels, std::int64_t rows, std::int64_t classes,
                    const char* where) {
  require(labels.dtype() == DType::i32 && labels.shape() == Shape{rows}, where,
          text("i32 labels of shape (", rows, ")"),
          text(name_of(labels.dtype()), " ", to_string(labels.shape())));
  for (const auto label : labels.span<std::int32_t>()) {
    require(label >= 0 && label < classes, where, text("labels in [0, ", classes, ")"),
            text(label));
  }
}

void add_to(std::optional<RunningMean>& mean, const std::optional<Weighted>& value) {
  if (!value) return;
  if (!mean) mean.emplace();
  mean->add(*value);
}
void add_to(std::vector<RunningMean>& means, const std::vector<double>& values) {
  means.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) means[i].add(values[i]);
}

void take_mean(const std::optional<RunningMean>& running, std::optional<double>& mean) {
  if (running) mean = running->mean();
}
void take_mean(const std::vector<RunningMean>& running, std::vector<double>& means) {
  for (const auto& each : running) means.push_back(each.mean());
}

std::int64_t argmax(const float* row, std::int64_t count) {
  return std::max_element(row, row + count) - row;
}

}  // namespace

void add(const StepMetrics& step, RunningMetrics& running) {
  each_metric([&](const char*, const char*, auto get) { add_to(get(running), get(step)); });
}

TrainingMetrics means(const RunningMetrics& running) {
  TrainingMetrics result;
  each_metric([&](const char*, const char*, auto get) { take_mean(get(running), get(result)); });
  return result;
}

double accuracy(const Tensor& scores, const Tensor& labels) {
  require(scores.shape().size() == 2 && !scores.empty(), "accuracy",
          "scores of shape (n, K), both above 0", to_string(scores.shape()));
  const std::int64_t n = scores.dim(0);
  const std::int64_t classes = scores.dim(1);
  require_labels(labels, n, classes, "accuracy");
  const float* row = scores.data<float>();
  const auto* label = labels.data<std::int32_t>();
  std::int64_t right = 0;
  for (std::int64_t i = 0; i < n; ++i) right += argmax(row + i * classes, classes) == label[i];
  return static_cast<double>(right) / static_cast<double>(n);
}

Tensor correctness(const Tensor& probabilities, const Tensor& labels) {
  require(probabilities.shape().size() == 3, "correctness", "probabilities of shape (n, N, K)",
          to_string(probabilities.shape()));
  const std::int64_t n = probabilities.dim(0);
  const std::int64_t models = probabilities.dim(1);
  const std::int64_t classes = probabilities.dim(2);
  require_labels(labels, n, classes, "correctness");
  Tensor result({n, models}, DType::u8);
  const float* row = probabilities.data<float>();
  const auto* label = labels.data<std::int32_t>();
  auto* right = result.data<std::uint8_t>();
  for (std::int64_t i = 0; i < n * models; ++i) {
    right[i] = argmax(row + i * classes, classes) == label[i / models];
  }
  return result;
}

std::string describe_contrastive_collapse(double both_right_distance, double one_right_distance,
                                          double gap) {
  if (one_right_distance - both_right_distance >= gap) return {};
  char numbers[64];
  std::snprintf(numbers, sizeof numbers, "%.3f and %.3f", both_right_distance, one_right_distance);
  return text(
      "The contrastive loss has collapsed: pairs of models that are both right and pairs of"
      " which one is right lie equally far apart (mean distances ",
      numbers, "); the projected embeddings say nothing about correctness.");
}

}  // namespace muxnet
