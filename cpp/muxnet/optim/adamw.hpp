#pragma once

#include "muxnet/optim/optimizer.hpp"

namespace muxnet {

struct AdamWOptions {
  double beta1 = 0.9;    ///< in [0, 1)
  double beta2 = 0.999;  ///< in [0, 1)
  double eps = 1e-8;     ///< above 0
  double weight_decay = 0.01;
};

/// Adam with decoupled weight decay, as torch.optim.AdamW; at step t = 1, 2, ...
/// p -= lr weight_decay p; m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
/// p -= lr / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + eps).
///
/// State: "first_moment" (m) and "second_moment" (v). Throws std::invalid_argument on options out
/// of range. Source: Loshchilov & Hutter, arXiv 1711.05101.
class AdamW final : public Optimizer {
 public:
  explicit AdamW(const AdamWOptions& options = {});
  void init(std::int64_t size) override;
  void apply(std::span<float> values, std::span<const float> gradients,
             std::span<const Segment> segments, double learning_rate) override;

 private:
  AdamWOptions options_;
};

}  // namespace muxnet
