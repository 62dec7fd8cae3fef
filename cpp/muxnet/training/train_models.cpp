#include "muxnet/training/train_models.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>

#include "muxnet/core/error.hpp"
#include "muxnet/core/lanes.hpp"
#include "muxnet/core/parallel.hpp"
#include "muxnet/core/random.hpp"
#include "muxnet/data/loader.hpp"
#include "muxnet/graph/plan.hpp"
#include "muxnet/losses/cross_entropy.hpp"
#include "muxnet/losses/multiplexer.hpp"
#include "muxnet/losses/online_distillation.hpp"
#include "muxnet/losses/softmax.hpp"
#include "muxnet/networks/predictor.hpp"
#include "muxnet/training/fingerprint.hpp"
#include "muxnet/training/metrics.hpp"

namespace muxnet {
namespace {

constexpr std::uint64_t dropout_stream = 0xD409;
constexpr const char* answers_name = "answers";

/// dst += scale * src.
void add_scaled(double scale, const Tensor& src, Tensor& dst) {
  const auto from = src.span<float>();
  const auto to = dst.span<float>();
  const auto factor = static_cast<float>(scale);
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += factor * from[i];
}

void scale(double factor, Tensor& tensor) {
  for (float& value : tensor.span<float>()) value *= static_cast<float>(factor);
}

double share_right(const Tensor& correct, std::size_t model, std::size_t models) {
  const auto right = correct.span<std::uint8_t>();
  double sum = 0;
  for (std::size_t i = model; i < right.size(); i += models) sum += right[i];
  return sum / static_cast<double>(correct.dim(0));
}

void check(std::span<Model* const> models, const ModelTrainingData& data,
           const ModelTrainingOptions& options) {
  for (const double weight : {options.contrastive_weight, options.online_distillation_weight}) {
    require(weight >= 0 && std::isfinite(weight), "train_models", "loss weights of at least 0",
            text(weight));
  }
  for (const Model* model : models) {
    const Shape& logits = model->graph.shape(model->graph.output("logits"));
    require(logits.size() == 2 && logits[1] == data.train.classes(), "train_models",
            text("models with ", data.train.classes(), " logits, as classes in ", data.train.name),
            text(model->name, " with ", to_string(logits)));
    require(model->parameters.dtype() == DType::f32, "train_models", "f32 weights",
            text(model->name, " in ", name_of(model->parameters.dtype())));
    if (options.contrastive_weight > 0) model->graph.output("projected");
    if (data.right.empty()) continue;
    const Shape wanted{data.train.size(), model->graph.shape(model->graph.output("scores")).at(1)};
    require(data.right.shape() == wanted, "train_models, right", to_string(wanted),
            to_string(data.right.shape()));
  }
}

LoaderOptions training_loader(const ModelTrainingOptions& options) {
  LoaderOptions loader;
  loader.batch_size = options.fit.batch_size;
  loader.drop_last = true;
  loader.augmentation = options.augmentation;
  loader.seed = options.fit.seed;
  return loader;
}

LoaderOptions held_out_loader(const ModelTrainingOptions& options) {
  LoaderOptions loader;
  loader.batch_size = options.fit.batch_size;
  loader.shuffle = false;
  loader.augmentation.resize = options.augmentation.resize;
  return loader;
}

std::vector<std::size_t> dearest_first(std::span<Model* const> models) {
  std::vector<std::size_t> order(models.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return models[a]->graph.macs() > models[b]->graph.macs();
  });
  return order;
}

Lanes lanes_of(std::span<Model* const> models) {
  std::vector<double> costs;
  for (const Model* model : models) costs.push_back(static_cast<double>(model->graph.macs()));
  const int lanes = lanes_for(costs, threads());
  return Lanes(lanes, threads() / lanes);
}

class ModelTask : public TrainingTask {
 public:
  ModelTask(std::span<Model* const> models, const ModelTrainingData& data,
            const ModelTrainingOptions& options)
      : models_(models),
        options_(options),
        classes_(data.train.classes()),
        loader_(data.train, data.normalization, training_loader(options)),
        dearest_first_(dearest_first(models)),
        lanes_(lanes_of(models)),
        plans_(models.size()),
        right_(data.right),
        answers_(data.train.size(), static_cast<std::int64_t>(models.size())) {
    const PlanOptions plan{
        .batch = options.fit.batch_size, .mode = Mode::train, .precision = options.fit.precision};
    each_model(
        [&](std::size_t i) { plans_[i].emplace(models_[i]->graph, models_[i]->parameters, plan); });
    if (data.held_out.empty()) return;
    held_out_.emplace(data.held_out, data.normalization, held_out_loader(options));
    for (Model* model : models) predictors_.emplace_back(*model, options.fit.batch_size);
  }

  std::string phase() const override { return "models"; }
  std::int64_t batches_per_epoch() const override { return loader_.batches_per_epoch(); }
  double chance_loss() const override { return std::log(static_cast<double>(classes_)); }
  void start_epoch(std::int64_t epoch, std::int64_t first_batch) override {
    loader_.start_epoch(epoch, first_batch);
  }

  StepMetrics compute_gradients(std::int64_t step) override;
  std::vector<double> evaluate() override;
  void collect(std::map<std::string, Tensor>& tensors) const override {
    tensors.emplace(answers_name, answers_.bits());
  }
  void restore(const std::map<std::string, Tensor>& tensors) override {
    const auto found = tensors.find(answers_name);
    require(found != tensors.end(), "checkpoint", text("a tensor ", answers_name), "none");
    answers_.restore(found->second);
  }
  const AnswerHistory& answers() const { return answers_; }

 private:
  /// work(i) for every model, side by side where several can fill the cores better than one. A plan
  /// is made where it runs: for the threads that a lane has.
  template <class Work>
  void each_model(const Work& work) {
    std::vector<std::function<void()>> tasks;
    for (const std::size_t i : dearest_first_) tasks.emplace_back([&work, i] { work(i); });
    lanes_.run(tasks);
  }

  void add_online_distillation(std::span<const Tensor> logits, std::span<Tensor> diff_logits,
                               StepMetrics& metrics) const;
  std::vector<Tensor> contrast(const Tensor& correct, StepMetrics& metrics) const;

  std::span<Model* const> models_;
  const ModelTrainingOptions& options_;
  std::int64_t classes_;
  Loader loader_;
  std::vector<std::size_t> dearest_first_;
  Lanes lanes_;
  std::vector<std::optional<Plan>> plans_;
  std::optional<Loader> held_out_;
  std::vector<Predictor> predictors_;
  Tensor right_;
  Batch batch_;
  AnswerHistory answers_;
};

StepMetrics ModelTask::compute_gradients(std::int64_t step) {
  if (!loader_.next(batch_)) throw std::logic_error("train_models: the epoch has ended early");
  const std::uint64_t seed = mix(options_.fit.seed, dropout_stream);
  std::vector<Tensor> logits(models_.size());
  std::vector<Tensor> diff_logits(models_.size());
  std::vector<Tensor> diff_scores(models_.size());
  const Tensor right = right_.empty() ? Tensor() : right_.gather(batch_.indices);
  StepMetrics metrics;
  metrics.losses.resize(models_.size());
  each_model([&](std::size_t i) {
    plans_[i]->forward(batch_.images, mix(mix(seed, static_cast<std::uint64_t>(step)), i));
    logits[i] = plans_[i]->output("logits");
    auto loss = cross_entropy(logits[i], batch_.labels, options_.label_smoothing);
    metrics.losses[i] = loss.value;
    diff_logits[i] = std::move(loss.diff);
    if (right.empty()) return;
    auto guess = multiplexer_correctness(plans_[i]->output("scores"), right);
    metrics.losses[i] += guess.value;
    diff_scores[i] = std::move(guess.diff_scores);
  });
  const Tensor correct = correct_predictions(logits, batch_.labels);
  answers_.add(batch_.indices, correct);
  for (std::size_t i = 0; i < models_.size(); ++i) {
    metrics.accuracies.push_back(share_right(correct, i, models_.size()));
  }
  if (options_.online_distillation_weight > 0) {
    add_online_distillation(logits, diff_logits, metrics);
  }
  const auto diff_projected = contrast(correct, metrics);
  each_model([&](std::size_t i) {
    std::map<std::string, Tensor> diffs{{"logits", diff_logits[i]}};
    if (!diff_projected.empty()) diffs.emplace("projected", diff_projected[i]);
    if (!right.empty()) diffs.emplace("scores", diff_scores[i]);
    plans_[i]->backward(diffs);
  });
  return metrics;
}

void ModelTask::add_online_distillation(std::span<const Tensor> logits,
                                        std::span<Tensor> diff_logits, StepMetrics& metrics) const {
  const double temperature = options_.online_distillation_temperature;
  metrics.distillation = Weighted{0, 1};
  // Cheaper models are worse ones: in the target they would hold the others back.
  std::vector<double> teachers(logits.size(), 0.0);
  for (const std::size_t i : dearest_first_) {
    teachers[i] = 1;
    const Tensor targets = online_targets(logits, teachers, temperature);
    const auto loss = distil_to(std::span(&logits[i], 1), targets, temperature);
    metrics.distillation->value += loss.value;
    add_scaled(options_.online_distillation_weight, loss.diff_logits[0], diff_logits[i]);
  }
}

std::vector<Tensor> ModelTask::contrast(const Tensor& correct, StepMetrics& metrics) const {
  if (options_.contrastive_weight == 0) return {};
  std::vector<Tensor> projected;
  for (const auto& plan : plans_) projected.push_back(plan->output("projected"));
  auto loss = contrastive(projected, correct, options_.contrastive);
  metrics.contrastive = Weighted{loss.value, 1};
  metrics.distances = loss.distances;
  for (auto& diff : loss.diff_embeddings) scale(options_.contrastive_weight, diff);
  return std::move(loss.diff_embeddings);
}

std::vector<double> ModelTask::evaluate() {
  if (!held_out_) return {};
  std::vector<RunningMean> right(models_.size());
  held_out_->start_epoch(0);
  Batch batch;
  while (held_out_->next(batch)) {
    each_model([&](std::size_t i) {
      const auto outputs = predictors_[i].outputs(batch.images, {"logits"});
      right[i].add(accuracy(outputs.at("logits"), batch.labels),
                   static_cast<double>(batch.labels.size()));
    });
  }
  std::vector<double> result;
  for (const auto& mean : right) result.push_back(mean.mean());
  return result;
}

std::string fingerprint_of(std::span<Model* const> models, const ModelTrainingData& data,
                           const ModelTrainingOptions& options) {
  nlohmann::json result;
  result["phase"] = "models";
  result["fit"] = fingerprint::of(options.fit);
  result["label_smoothing"] = options.label_smoothing;
  result["contrastive_weight"] = options.contrastive_weight;
  result["contrastive_formulation"] = static_cast<int>(options.contrastive.formulation);
  result["contrastive_eps"] = options.contrastive.eps;
  result["online_distillation_weight"] = options.online_distillation_weight;
  result["online_distillation_temperature"] = options.online_distillation_temperature;
  result["learning_rates"] = options.learning_rates;
  result["augmentation"] = fingerprint::of(options.augmentation);
  result["train"] = fingerprint::of(data.train);
  if (!data.held_out.empty()) result["held_out"] = fingerprint::of(data.held_out);
  result["normalization"] = fingerprint::of(data.normalization);
  if (!data.right.empty()) result["right"] = fingerprint::digest(data.right);
  result["models"] = fingerprint::of(models);
  return result.dump();
}

}  // namespace

TrainingResult train_models(std::span<Model* const> models, const ModelTrainingData& data,
                            const ModelTrainingOptions& options, const ProgressCallback& callback) {
  check(models, data, options);
  const auto writing = hold_models(models, "train_models");
  ModelTask task(models, data, options);
  auto result = run_training(task, models, options.fit, options.learning_rates,
                             fingerprint_of(models, data, options), callback);
  result.answers = task.answers();
  return result;
}

}  // namespace muxnet
