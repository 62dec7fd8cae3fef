#pragma once

#include "muxnet/optim/optimizer.hpp"

namespace muxnet {

struct SgdOptions {
  double momentum = 0.9;  ///< in [0, 1)
  bool nesterov = true;   ///< without momentum it changes nothing
  double weight_decay = 0;
};

/// Stochastic gradient descent with momentum, as torch.optim.SGD:
/// g' = g + weight_decay p; b = momentum b + g'; p -= lr (nesterov ? g' + momentum b : b).
///
/// State: "momentum", absent without momentum. Throws std::invalid_argument on options out of
/// range. Source: Sutskever et al., ICML 2013.
class Sgd final : public Optimizer {
 public:
  explicit Sgd(const SgdOptions& options = {});
  void init(std::int64_t size) override;
  void apply(std::span<float> values, std::span<const float> gradients,
             std::span<const Segment> segments, double learning_rate) override;

 private:
  SgdOptions options_;
};

}  // namespace muxnet
