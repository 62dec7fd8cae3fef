#pragma once

#include <span>

#include "muxnet/losses/formulation.hpp"

namespace muxnet {

/// What a multiplexer is trained for: `ensemble`, the paper's Eq. 7, on the weighted answer of all
/// models; `correctness`, on whether each single model is right.
enum class Objective { ensemble, correctness };

/// How scores become weights (Eq. 5 and 6).
struct WeightOptions {
  Formulation formulation = Formulation::bounded;  ///< which reading of the paper's equations
  double lambda_cost = 0;  ///< weight of the dearest model's cost in score units; `bounded` only
};

struct MultiplexerValue {
  double value = 0;
  Tensor diff_scores;  ///< (B, N), as the scores
  /// (B, N): the models' weights, which sum to 1 (ensemble); each model's probability of being
  /// right (correctness).
  Tensor weights;
};

/// The weight of each model for each input, softmax over i of
/// `paper`: score_i / (c_i / min c); `bounded`: score_i - lambda_cost c_i / max c.
///
/// scores: (B, N) f32 or f64; costs: N positive numbers in any one unit. Result as the scores.
/// Throws std::invalid_argument on anything else.
/// Source: arXiv 2001.05870v2, Eq. 5 and 6.
Tensor multiplexer_weights(const Tensor& scores, std::span<const double> costs,
                           const WeightOptions& options = {});

/// Mean cross-entropy of the models' weighted answer, L = -1/B sum_b log sum_i w_bi f_bi(label_b),
/// with its gradient for the scores.
///
/// scores: (B, N); model_probabilities: (B, N, K) of the same dtype; labels: i32 (B) in [0, K);
/// costs and options as for multiplexer_weights. An answer below 1e-12 counts as 1e-12, without
/// gradient. Throws std::invalid_argument on anything else. Source: arXiv 2001.05870v2, Eq. 4 to 7.
MultiplexerValue multiplexer_ensemble(const Tensor& scores, const Tensor& model_probabilities,
                                      const Tensor& labels, std::span<const double> costs,
                                      const WeightOptions& options = {});

/// Mean binary cross-entropy of sigmoid(scores) against which models are right,
/// L = 1/(B N) sum max(x, 0) - x t + log(1 + exp(-|x|)), with its gradient for the scores.
///
/// scores: (B, N) f32 or f64; correct: (B, N), u8 or, of the scores' dtype, probabilities of being
/// right, below 0 where unknown: without loss. N = 1 is the mobile/cloud multiplexer.
/// Throws std::invalid_argument on anything else.
MultiplexerValue multiplexer_correctness(const Tensor& scores, const Tensor& correct);

}  // namespace muxnet
