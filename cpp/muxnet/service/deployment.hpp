#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "muxnet/data/transform.hpp"
#include "muxnet/routing/drift.hpp"
#include "muxnet/routing/record.hpp"
#include "muxnet/runtime/multiplexer_input.hpp"
#include "muxnet/runtime/router.hpp"

namespace muxnet {

/// All that a service answers with: replaced as a whole, never changed.
struct Deployment {
  std::vector<HostedModel> models;
  Multiplexer multiplexer;                         ///< its model may be empty: it is not run
  std::vector<std::shared_ptr<const Rule>> rules;  ///< operating points of one policy
  std::size_t point = 0;                           ///< the rule of requests that name none
  std::shared_ptr<const Rule> shadow;  ///< decides beside, is only recorded; may be empty
  std::size_t reference = 0;           ///< the model that always-best would call
  /// Of each rule, or none: decisions are not recorded.
  std::vector<std::shared_ptr<const Recorder>> recorders{};
  /// Of each rule, what an input cost when it was fitted; none: load does not change the rule.
  std::vector<double> point_costs{};
  /// No rule looks at the multiplexer, but the shadow does: requests do not pay for it.
  bool multiplexer_for_shadow = false;
  /// Watches what the rule of requests that name none decides on; may be empty.
  std::shared_ptr<DriftMonitor> monitor{};
  /// Which of a request's image tensors each stage is shown, the multiplexer first; none: the one
  /// that there is.
  std::vector<std::size_t> shown{};
};

/// What a drift monitor has to say.
struct DriftReading {
  bool alarm = false;         ///< the inputs are no longer alike
  double e_value = 0;         ///< the greatest evidence so far
  double alpha = 0;           ///< probability of a false alarm, ever
  std::string cause;          ///< the value that the evidence is of
  std::int64_t observed = 0;  ///< inputs seen
};

/// One kind of work: 0 is the multiplexer's pass, i + 1 is model i.
using Stage = std::size_t;

/// A deployment compiled for several workers, each of which has plans of its own.
class CompiledDeployment {
 public:
  /// Throws std::invalid_argument: models that do not fit each other or cannot be opened; no rule,
  /// or one that looks at a multiplexer that is not there; a point or reference that is not there;
  /// a monitor of other values than those of the point.
  CompiledDeployment(Deployment deployment, std::uint64_t version, std::size_t workers);

  /// Throws std::invalid_argument when another one's models have other names or shapes.
  void require_like(const CompiledDeployment& other) const;

  const Deployment& parts() const { return parts_; }
  std::uint64_t version() const { return version_; }
  /// (N), what one image costs.
  const std::vector<double>& costs() const { return costs_; }
  /// Batches of this stage that may run side by side; 0: any number.
  std::size_t at_once(Stage stage) const {
    return stage > 0 ? parts_.models[stage - 1].at_once : 0;
  }
  /// Whether another process runs this stage.
  bool elsewhere(Stage stage) const { return stage > 0 && parts_.models[stage - 1].elsewhere; }
  /// False while a model elsewhere is left alone, since it does not answer.
  bool reachable(Stage stage) const {
    return !elsewhere(stage) || parts_.models[stage - 1].elsewhere->reachable();
  }
  /// (1, c, h, w), of one image as this stage wants it; (1, d) of a vector.
  const Shape& prepared_shape(Stage stage) const {
    return stage == 0 ? multiplexer_input_->shape() : input_shape(stage);
  }
  double multiplexer_cost() const { return multiplexer_cost_; }
  bool uses_multiplexer() const { return parts_.multiplexer.model != nullptr; }
  /// Whether a request begins with the multiplexer.
  bool looks_first() const { return uses_multiplexer() && called_first_ == 0; }
  /// Which of a request's image tensors a stage is shown.
  std::size_t shown(Stage stage) const { return parts_.shown.empty() ? 0 : parts_.shown[stage]; }
  /// (1, c, h, w), of what a stage is shown; (1, d) of vectors.
  const Shape& input_shape(Stage stage) const { return input_shapes_[shown(stage)]; }
  /// (1, c, h, w) or (1, d), of each tensor that requests have.
  const std::vector<Shape>& input_shapes() const { return input_shapes_; }
  /// The bit of the model that the multiplexer looks at an output of, and which is called before
  /// it; 0: it looks at the inputs.
  std::uint64_t called_first() const { return called_first_; }
  std::int64_t classes() const { return pools_.front().classes(); }

  /// Writes input `row` of a request's images, each u8 or f32 (n, c, h, w), and vectors to `dst` as
  /// this stage wants it: prepared_shape(stage).
  void prepare(Stage stage, const std::vector<Tensor>& images, std::int64_t row, float* dst) const;

  /// Prepared images f32 (n, c, h, w) to the class probabilities f32 (n, K) of one model. A worker
  /// is one thread at a time.
  Tensor answer(std::size_t worker, std::size_t model, const Tensor& images);
  /// The same of the model that the multiplexer looks at, with what that says.
  std::pair<Tensor, MultiplexerView> answer_first(std::size_t worker, const Tensor& images);
  /// The same without waiting, as Classifier::begin().
  void begin(std::size_t worker, std::size_t model, const Tensor& images, double within_ms,
             const Classifier::Done& done) const;
  MultiplexerView run_multiplexer(std::size_t worker, const Tensor& inputs);

  /// Shows the drift monitor, if there is one, an input that its rule has decided on.
  void observe(const Evidence& evidence);
  /// What it is shown of an input; there must be one.
  std::map<std::string, double> watched(Evidence evidence) const;
  std::optional<DriftReading> drift() const;

  /// Runs every stage here at every batch size that is compiled, up to `max_batch`, and tells of
  /// each before it (0) and, as worker 0, after it (the milliseconds). Throws what a model does.
  void warm_up(std::size_t worker, std::int64_t max_batch,
               const std::function<void(Stage, std::int64_t, double)>& note);

 private:
  using Input = std::array<Transform, 2>;  ///< from u8, from f32

  void find_encoder();
  void find_shapes();
  Shape multiplexer_shape() const;
  std::optional<Input> input_for(Stage stage, const Normalization& normalization) const;
  Tensor prepared(Stage stage, const Tensor& images) const;

  Deployment parts_;
  std::uint64_t version_;
  std::vector<ModelPool> pools_;       ///< by worker
  std::vector<Predictor> predictors_;  ///< of the multiplexer, by worker
  std::vector<double> costs_;
  double multiplexer_cost_ = 0;
  std::uint64_t called_first_ = 0;
  std::vector<Shape> input_shapes_;
  std::vector<std::optional<Input>> inputs_;  ///< by model; none of vectors, which stay as they are
  std::optional<MultiplexerInput> multiplexer_input_;
};

/// Compiles a deployment, whose memory goes back to the system when nothing is answered by it any
/// more. Throws what the constructor throws.
std::shared_ptr<CompiledDeployment> compile(Deployment deployment, std::uint64_t version,
                                            std::size_t workers);

}  // namespace muxnet
