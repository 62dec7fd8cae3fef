#pragma once

#include "muxnet/losses/formulation.hpp"

namespace muxnet {

/// Mean cross-entropy of softmax(logits), with its gradient for the logits.
///
/// L = -1/B sum_b sum_k t_bk log softmax(x_b)_k, t_b = (1 - s) onehot(label_b) + s / K.
/// logits: (B, K) f32 or f64; labels: i32 (B) in [0, K); s = label_smoothing in [0, 1].
/// Throws std::invalid_argument on anything else.
/// Source: label smoothing of Szegedy et al., arXiv 1512.00567.
LossValue cross_entropy(const Tensor& logits, const Tensor& labels, double label_smoothing = 0);

}  // namespace muxnet
