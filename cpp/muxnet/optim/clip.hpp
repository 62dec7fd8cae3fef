#pragma once

#include <span>

namespace muxnet {

/// Scales the gradients so that their joint L2 norm is at most max_norm, and returns the norm they
/// had: g *= min(1, max_norm / (norm + 1e-6)), as torch.nn.utils.clip_grad_norm_.
///
/// Summed in double in a fixed order, whatever the number of threads. Gradients with a norm that is
/// not finite stay as they are: the caller sees it in the result. Throws std::invalid_argument
/// unless max_norm > 0.
double clip_by_global_norm(std::span<float> gradients, double max_norm);

}  // namespace muxnet
