#pragma once

#include <memory>
#include <vector>

#include "muxnet/runtime/decision_batch.hpp"
#include "muxnet/runtime/model_pool.hpp"

namespace muxnet {

/// What became of a batch, row by row.
struct Routed {
  Tensor probabilities;               ///< f32 (n, K), of the answer
  std::vector<std::int32_t> answers;  ///< (n)
  std::vector<std::uint64_t> called;  ///< (n), bit i: model i was run
  std::vector<double> costs;          ///< (n), of the called models, the multiplexer and the rule
  MultiplexerView view;
};

/// Algorithm 2: the multiplexer looks at each input, a rule decides which models to call, and each
/// model runs once on all inputs that want it. Threads may call it at once, and run side by side
/// where the models do.
class Router {
 public:
  /// `multiplexer.model` may be empty for rules that do not look at it (cascades).
  Router(std::shared_ptr<ModelPool> pool, Multiplexer multiplexer,
         std::shared_ptr<const Rule> rule);

  /// Normalised images f32 (n, c, h, w), which the multiplexer is shown too and, for rules that
  /// look at them, features f32 (n, F). Throws std::invalid_argument on another shape, or when the
  /// rule needs a multiplexer or features and there are none.
  Routed route(const Tensor& images, const Tensor& features = {}) const;

  ModelPool& pool() const { return *pool_; }

 private:
  void call_models(const Tensor& images, DecisionBatch& batch, std::vector<double>& paid) const;

  std::shared_ptr<ModelPool> pool_;
  Multiplexer multiplexer_;
  std::unique_ptr<Predictor> predictor_;
  std::shared_ptr<const Rule> rule_;
};

}  // namespace muxnet
