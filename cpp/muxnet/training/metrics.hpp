#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "muxnet/core/tensor.hpp"
#include "muxnet/core/weighted.hpp"
#include "muxnet/losses/contrastive.hpp"

namespace muxnet {

/// A mean that grows value by value; its two numbers are all that a checkpoint has to keep.
struct RunningMean {
  double sum = 0;
  double weight = 0;

  void add(double value, double with_weight = 1) {
    sum = std::fma(value, with_weight, sum);  // the same bits however it is compiled
    weight += with_weight;
  }
  void add(const Weighted& value) { add(value.value, value.weight); }
  /// Lets the past count `factor` times what it did: a mean over the last 1 / (1 - factor) values.
  void fade(double factor) {
    sum *= factor;
    weight *= factor;
  }
  /// 0 before the first value.
  double mean() const { return weight > 0 ? sum / weight : 0; }
};

/// What training is watched by, one record from the step that finds it to the report: `Each` holds
/// a number of one model, `Maybe` one of all models, missing where it was not trained with.
template <class Each, class Maybe>
struct MetricsOf {
  std::vector<Each> losses;  ///< the main loss: cross-entropy, or the multiplexer's objective
  std::vector<Each> accuracies;
  Maybe contrastive{};  ///< Eq. 2
  PairDistances<Maybe> distances;
  Maybe distillation{};  ///< on-line distillation, or Eq. 8
};
using StepMetrics = MetricsOf<double, std::optional<Weighted>>;  ///< of a batch
using RunningMetrics = MetricsOf<RunningMean, std::optional<RunningMean>>;
using TrainingMetrics = MetricsOf<double, std::optional<double>>;  ///< means over batches

/// Calls visit(name, description, get) for each of them, get(metrics) being its place there.
template <class Visit>
void each_metric(const Visit& visit) {
  visit(
      "losses", "Of each model: cross-entropy, or the multiplexer's objective.",
      [](auto& in) -> auto& { return in.losses; });
  visit(
      "accuracies", "Of each model, on the training batches.",
      [](auto& in) -> auto& { return in.accuracies; });
  visit(
      "contrastive", "The contrastive loss (Eq. 2); None where not trained with.",
      [](auto& in) -> auto& { return in.contrastive; });
  each_distance([&](const char* name, const char* description, auto get) {
    visit(
        name, description, [get](auto& in) -> auto& { return get(in.distances); });
  });
  visit(
      "distillation", "On-line distillation, or Eq. 8; None where not trained with.",
      [](auto& in) -> auto& { return in.distillation; });
}

/// Adds what a batch showed.
void add(const StepMetrics& step, RunningMetrics& running);

/// The means so far.
TrainingMetrics means(const RunningMetrics& running);

/// Share of rows whose largest score is the label's; the first of equal scores counts.
///
/// scores: (n, K) f32, logits or probabilities; labels: i32 (n) in [0, K); n > 0.
/// Throws std::invalid_argument on anything else.
double accuracy(const Tensor& scores, const Tensor& labels);

/// Whether each of N models is right on each input: u8 (n, N).
///
/// probabilities: f32 (n, N, K); labels: i32 (n). Throws std::invalid_argument on anything else.
Tensor correctness(const Tensor& probabilities, const Tensor& labels);

/// A sentence when the contrastive loss no longer tells the two kinds of pairs of models apart,
/// i.e. when their mean distances are less than `gap` apart; empty otherwise.
std::string describe_contrastive_collapse(double both_right_distance, double one_right_distance,
                                          double gap = 0.02);

}  // namespace muxnet
