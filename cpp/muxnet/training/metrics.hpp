#pragma once

#include <cstdint>
#include <string>

#include "muxnet/core/tensor.hpp"

namespace muxnet {

/// A mean that grows value by value; its two numbers are all that a checkpoint has to keep.
struct RunningMean {
  double sum = 0;
  double weight = 0;

  void add(double value, double with_weight = 1) {
    sum += value * with_weight;
    weight += with_weight;
  }
  /// Lets the past count `factor` times what it did: a mean over the last 1 / (1 - factor) values.
  void fade(double factor) {
    sum *= factor;
    weight *= factor;
  }
  /// 0 before the first value.
  double mean() const { return weight > 0 ? sum / weight : 0; }
};

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
