#pragma once

#include <span>
#include <vector>

#include "muxnet/losses/formulation.hpp"

namespace muxnet {

struct OnlineDistillationValue {
  double value = 0;
  std::vector<Tensor> diff_logits;  ///< as the logits
};

/// The weighted mean of the models' probabilities, to learn from: p_b = sum_i w_i softmax(x_bi /
/// T), shape (B, K).
///
/// logits: N tensors (B, K) of f32 or f64; weights: N, none negative, scaled to sum to 1; T =
/// temperature > 0. Throws std::invalid_argument on anything else.
/// Source: Zhang et al., arXiv 1706.00384.
Tensor online_targets(std::span<const Tensor> logits, std::span<const double> weights,
                      double temperature);

/// The divergence of each model from `targets`, summed over the models, and its gradient:
/// L = T^2 / B sum_i sum_b KL(p_b || softmax(x_bi / T)).
///
/// targets: (B, K), a constant, of the logits' dtype; T^2 keeps the gradient's size when T changes.
/// Throws std::invalid_argument on anything else.
/// Source: Hinton et al., arXiv 1503.02531.
OnlineDistillationValue distil_to(std::span<const Tensor> logits, const Tensor& targets,
                                  double temperature);

}  // namespace muxnet
