#pragma once

#include <memory>
#include <vector>

#include "muxnet/losses/multiplexer.hpp"
#include "muxnet/routing/rule.hpp"
#include "muxnet/runtime/model_pool.hpp"

namespace muxnet {

/// A trained multiplexer and how its scores become weights (Eq. 5 and 6).
struct Multiplexer {
  std::shared_ptr<Model> model;
  Objective objective = Objective::correctness;
  WeightOptions weights;
};

/// What the multiplexer says of n inputs; tensors that do not apply are empty.
struct MultiplexerView {
  Tensor weights;        ///< f32 (n, N)
  Tensor scores;         ///< f32 (n, N), logits of "model i is right"; correctness objective only
  Tensor offload_score;  ///< f32 (n), mobile/cloud multiplexer only
};

/// Runs a multiplexer over normalised images f32 (n, c, h, w); `macs` are the N models' costs.
MultiplexerView look(const Multiplexer& multiplexer, Predictor& predictor, const Tensor& images,
                     const std::vector<double>& macs);

/// What became of a batch, row by row.
struct Routed {
  Tensor probabilities;               ///< f32 (n, K), of the answer
  std::vector<std::int32_t> answers;  ///< (n)
  std::vector<std::uint64_t> called;  ///< (n), bit i: model i was run
  std::vector<double> macs;           ///< (n), of the called models, the multiplexer and the rule
  MultiplexerView view;
};

/// Algorithm 2: the multiplexer looks at each input, a rule decides which models to call, and each
/// model runs once on all inputs that want it. Not safe for two threads at once.
class Router {
 public:
  /// `multiplexer.model` may be empty for rules that do not look at it (cascades).
  Router(std::shared_ptr<ModelPool> pool, Multiplexer multiplexer,
         std::shared_ptr<const Rule> rule);

  /// Normalised images f32 (n, c, h, w) and, for rules that look at them, features f32 (n, F).
  /// Throws std::invalid_argument on another shape, or when the rule needs a multiplexer or
  /// features and there are none.
  Routed route(const Tensor& images, const Tensor& features = {});

  ModelPool& pool() const { return *pool_; }

 private:
  struct Work;
  void call_models(Work& work) const;

  std::shared_ptr<ModelPool> pool_;
  Multiplexer multiplexer_;
  std::unique_ptr<Predictor> predictor_;
  std::shared_ptr<const Rule> rule_;
};

}  // namespace muxnet
