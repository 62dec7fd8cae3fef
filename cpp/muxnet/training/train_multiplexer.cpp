#include "muxnet/training/train_multiplexer.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/core/random.hpp"
#include "muxnet/graph/plan.hpp"
#include "muxnet/losses/distillation.hpp"
#include "muxnet/networks/predictor.hpp"
#include "muxnet/training/fingerprint.hpp"
#include "muxnet/training/metrics.hpp"
#include "muxnet/training/platt_scaling.hpp"

namespace muxnet {
namespace {

constexpr std::uint64_t order_stream = 0x08DE;
constexpr std::uint64_t dropout_stream = 0xD409;

void scale(double factor, Tensor& tensor) {
  for (float& value : tensor.span<float>()) value *= static_cast<float>(factor);
}

Tensor batch_like(const Tensor& table, std::int64_t batch) {
  Shape shape = table.shape();
  shape.front() = batch;
  return Tensor(std::move(shape), table.dtype());
}

/// u8 (n, 1): the offload targets.
Tensor offload_targets(const Tensor& correct, const MultiplexerTrainingOptions& options) {
  const std::int64_t models = correct.dim(1);
  Tensor targets({correct.dim(0), 1}, DType::u8);
  const auto* right = correct.data<std::uint8_t>();
  auto* target = targets.data<std::uint8_t>();
  for (std::int64_t i = 0; i < correct.dim(0); ++i) {
    const bool device = right[i * models + options.device] != 0;
    const bool cloud = right[i * models + options.cloud] != 0;
    target[i] = !device && (cloud || options.offload == OffloadTarget::device_wrong);
  }
  return targets;
}

class MultiplexerTask : public TrainingTask {
 public:
  MultiplexerTask(Model& multiplexer, const FrozenOutputs& outputs,
                  const MultiplexerTrainingOptions& options, const FrozenOutputs* validation)
      : outputs_(outputs),
        options_(options),
        batch_(options.fit.batch_size),
        correct_(correctness(outputs.probabilities, outputs.labels)),
        targets_(offload() ? offload_targets(correct_, options) : correct_),
        plan_(multiplexer.graph, multiplexer.parameters,
              {.batch = batch_, .mode = Mode::train, .precision = options.fit.precision}),
        images_(batch_like(outputs.images, batch_)),
        labels_(batch_like(outputs.labels, batch_)),
        probabilities_(batch_like(outputs.probabilities, batch_)),
        batch_correct_(batch_like(correct_, batch_)),
        batch_targets_(batch_like(targets_, batch_)),
        validation_(validation) {
    prepare_distillation(multiplexer);
    if (validation_ == nullptr) return;
    validation_correct_ = correctness(validation->probabilities, validation->labels);
    predictor_.emplace(multiplexer, batch_);
  }

  std::string phase() const override { return "multiplexer"; }
  std::int64_t batches_per_epoch() const override { return outputs_.inputs() / batch_; }
  double chance_loss() const override {
    return ensemble() ? std::log(static_cast<double>(outputs_.classes())) : std::numbers::ln2;
  }
  void start_epoch(std::int64_t epoch, std::int64_t first_batch) override;
  StepMetrics compute_gradients(std::int64_t step) override;
  std::vector<double> evaluate() override;

 private:
  bool offload() const { return options_.offload != OffloadTarget::none; }
  bool ensemble() const { return !offload() && options_.objective == Objective::ensemble; }
  bool distils() const { return options_.distillation_weight > 0; }
  void prepare_distillation(const Model& multiplexer);
  void next_batch();
  MultiplexerValue objective(const Tensor& scores) const;
  Tensor distil(StepMetrics& metrics) const;
  double routed_accuracy(const Tensor& weights, const Tensor& correct) const;

  const FrozenOutputs& outputs_;
  const MultiplexerTrainingOptions& options_;
  std::int64_t batch_;
  Tensor correct_;
  Tensor targets_;
  Plan plan_;
  Tensor images_, labels_, probabilities_, batch_correct_, batch_targets_;
  std::vector<Tensor> embeddings_;        ///< per model (rows, D)
  std::vector<Tensor> batch_embeddings_;  ///< per model (batch, D)
  Shape meta_shape_;
  std::vector<std::int64_t> order_;  ///< rows of the epoch, in the order seen
  std::int64_t position_ = 0;
  const FrozenOutputs* validation_;
  Tensor validation_correct_;
  std::optional<Predictor> predictor_;
};

void MultiplexerTask::prepare_distillation(const Model& multiplexer) {
  if (!distils()) return;
  require(!outputs_.embeddings.empty(), "train_multiplexer",
          "models with an output \"projected\" for distillation", "models without");
  const std::int64_t rows = outputs_.labels.size();
  const std::int64_t models = outputs_.models();
  const std::int64_t dim = outputs_.embeddings.dim(2);
  const std::int64_t meta = multiplexer.graph.shape(multiplexer.graph.output("meta")).back();
  require(meta == dim || meta == models * dim, "train_multiplexer",
          text("a meta-feature of ", dim, " or ", models, " * ", dim, " numbers"), text(meta));
  meta_shape_ = meta == dim ? Shape{batch_, dim} : Shape{batch_, models, dim};
  const auto* src = outputs_.embeddings.data<float>();
  for (std::int64_t m = 0; m < models; ++m) {
    Tensor& own = embeddings_.emplace_back(Shape{rows, dim});
    batch_embeddings_.emplace_back(Shape{batch_, dim});
    auto* dst = own.data<float>();
    for (std::int64_t i = 0; i < rows; ++i)
      std::copy_n(src + (i * models + m) * dim, dim, dst + i * dim);
  }
}

void MultiplexerTask::start_epoch(std::int64_t epoch, std::int64_t first_batch) {
  Random random(mix(options_.fit.seed, order_stream), static_cast<std::uint64_t>(epoch));
  order_ = random.permutation(outputs_.inputs());
  for (auto& row : order_) {
    const auto variant = random.below(static_cast<std::uint64_t>(outputs_.variants));
    row += static_cast<std::int64_t>(variant) * outputs_.inputs();
  }
  position_ = first_batch * batch_;
}

void MultiplexerTask::next_batch() {
  const std::span<const std::int64_t> rows(order_.data() + position_,
                                           static_cast<std::size_t>(batch_));
  position_ += batch_;
  outputs_.images.gather_into(rows, images_);
  correct_.gather_into(rows, batch_correct_);
  targets_.gather_into(rows, batch_targets_);
  if (ensemble()) {
    outputs_.labels.gather_into(rows, labels_);
    outputs_.probabilities.gather_into(rows, probabilities_);
  }
  for (std::size_t m = 0; m < embeddings_.size(); ++m) {
    embeddings_[m].gather_into(rows, batch_embeddings_[m]);
  }
}

MultiplexerValue MultiplexerTask::objective(const Tensor& scores) const {
  if (!ensemble()) return multiplexer_correctness(scores, batch_targets_);
  return multiplexer_ensemble(scores, probabilities_, labels_, outputs_.costs, options_.weights);
}

Tensor MultiplexerTask::distil(StepMetrics& metrics) const {
  const Tensor meta = plan_.output("meta");
  auto loss = distillation(meta.reshaped(meta_shape_), batch_embeddings_);
  metrics.distillation = Weighted{loss.value, 1};
  scale(options_.distillation_weight, loss.diff);
  return loss.diff.reshaped(meta.shape());
}

StepMetrics MultiplexerTask::compute_gradients(std::int64_t step) {
  next_batch();
  const auto seed = mix(options_.fit.seed, dropout_stream);
  plan_.forward(images_, mix(seed, static_cast<std::uint64_t>(step)));
  const auto loss = objective(plan_.output("scores"));
  StepMetrics metrics;
  metrics.losses = {loss.value};
  metrics.accuracies = {routed_accuracy(loss.weights, batch_correct_)};
  std::map<std::string, Tensor> diffs{{"scores", loss.diff_scores}};
  if (distils()) diffs.emplace("meta", distil(metrics));
  plan_.backward(diffs);
  return metrics;
}

/// weights: (n, N), or for offload (n, 1) with the probability that the cloud should answer.
double MultiplexerTask::routed_accuracy(const Tensor& weights, const Tensor& correct) const {
  const std::int64_t n = weights.dim(0);
  const std::int64_t models = correct.dim(1);
  const auto* right = correct.data<std::uint8_t>();
  const auto* row = weights.data<float>();
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t called =
        offload() ? (row[i] > 0.5F ? options_.cloud : options_.device)
                  : std::max_element(row + i * models, row + (i + 1) * models) - (row + i * models);
    sum += right[i * models + called];
  }
  return sum / static_cast<double>(n);
}

std::vector<double> MultiplexerTask::evaluate() {
  if (validation_ == nullptr) return {};
  const std::int64_t n = validation_->inputs();
  Tensor weights = predictor_->outputs(validation_->images.rows(0, n), {"scores"}).at("scores");
  if (ensemble()) {
    weights = multiplexer_weights(weights, outputs_.costs, options_.weights);
  } else {
    for (float& value : weights.span<float>()) value = 1 / (1 + std::exp(-value));
  }
  return {routed_accuracy(weights, validation_correct_.rows(0, n))};
}

void check_options(const FrozenOutputs& outputs, const MultiplexerTrainingOptions& options) {
  const std::int64_t models = outputs.models();
  require(options.distillation_weight >= 0 && std::isfinite(options.distillation_weight),
          "train_multiplexer", "distillation_weight of at least 0",
          text(options.distillation_weight));
  require(static_cast<std::int64_t>(outputs.costs.size()) == models, "train_multiplexer",
          text(models, " costs, one per model"), text(outputs.costs.size()));
  require(options.fit.batch_size > 0 && options.fit.batch_size <= outputs.inputs(),
          "train_multiplexer",
          text("batch_size of 1 to ", outputs.inputs(), ", the held-out inputs"),
          text(options.fit.batch_size));
  const auto member = [&](std::int64_t model) { return model >= 0 && model < models; };
  require(options.offload == OffloadTarget::none ||
              (member(options.device) && member(options.cloud) && options.device != options.cloud),
          "train_multiplexer", text("device and cloud, two of ", models, " models"),
          text(options.device, " and ", options.cloud));
}

void check_multiplexer(const Model& multiplexer, const FrozenOutputs& outputs,
                       const MultiplexerTrainingOptions& options) {
  const Shape& scores = multiplexer.graph.shape(multiplexer.graph.output("scores"));
  const std::int64_t wanted = options.offload == OffloadTarget::none ? outputs.models() : 1;
  require(scores == Shape({1, wanted}), "train_multiplexer",
          text("a multiplexer with ", wanted, " scores"),
          text(multiplexer.name, " with ", to_string(scores)));
}

std::string fingerprint_of(const Model& multiplexer, const FrozenOutputs& outputs,
                           const MultiplexerTrainingOptions& options,
                           const FrozenOutputs* validation) {
  nlohmann::json result;
  result["phase"] = "multiplexer";
  result["fit"] = fingerprint::of(options.fit);
  result["objective"] = options.objective == Objective::ensemble ? "ensemble" : "correctness";
  result["formulation"] = static_cast<int>(options.weights.formulation);
  result["lambda_cost"] = options.weights.lambda_cost;
  result["distillation_weight"] = options.distillation_weight;
  result["offload"] = static_cast<int>(options.offload);
  result["device"] = options.device;
  result["cloud"] = options.cloud;
  result["costs"] = outputs.costs;
  result["variants"] = outputs.variants;
  result["images"] = fingerprint::digest(outputs.images);
  result["labels"] = fingerprint::digest(outputs.labels);
  result["probabilities"] = fingerprint::digest(outputs.probabilities);
  result["embeddings"] = fingerprint::digest(outputs.embeddings);
  if (validation != nullptr) {
    result["validation"] = fingerprint::digest(validation->images) +
                           fingerprint::digest(validation->labels) +
                           fingerprint::digest(validation->probabilities);
  }
  result["multiplexer"] = fingerprint::of(multiplexer);
  return result.dump();
}

}  // namespace

TrainingResult train_multiplexer(Model& multiplexer, const FrozenOutputs& outputs,
                                 const MultiplexerTrainingOptions& options,
                                 const FrozenOutputs* validation,
                                 const ProgressCallback& callback) {
  check_options(outputs, options);
  check_multiplexer(multiplexer, outputs, options);
  Model* const models[] = {&multiplexer};
  const auto writing = hold_models(models, "train_multiplexer");
  MultiplexerTask task(multiplexer, outputs, options, validation);
  auto result = run_training(task, models, options.fit, {},
                             fingerprint_of(multiplexer, outputs, options, validation), callback);
  const bool correctness =
      options.offload == OffloadTarget::none && options.objective == Objective::correctness;
  if (correctness && validation != nullptr && result.status == TrainingStatus::finished) {
    scale_own_scores(multiplexer, *validation);
  }
  return result;
}

}  // namespace muxnet
