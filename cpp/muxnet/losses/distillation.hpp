#pragma once

#include <span>

#include "muxnet/losses/formulation.hpp"

namespace muxnet {

/// The multiplexer's distance to what the models see, with its gradient for the meta-features.
///
/// L = 1/B sum_b sum_i d(m_bi, e_bi), d = (1 - cos) / 2 in [0, 1]. A row of zeros counts as
/// orthogonal to all, without gradient. meta: (B, N, D), one meta-feature per model, or (B, D), one
/// shared by all; f32 or f64. embeddings: N tensors (B, D) of the same dtype, taken as constants.
/// Throws std::invalid_argument on anything else.
/// Source: arXiv 2001.05870v2, Eq. 8.
LossValue distillation(const Tensor& meta, std::span<const Tensor> embeddings);

}  // namespace muxnet
