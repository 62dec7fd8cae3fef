#include "muxnet/training/loop.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>

#include "muxnet/core/error.hpp"
#include "muxnet/training/checkpoint.hpp"
#include "muxnet/training/trainee.hpp"

namespace muxnet {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double trend_fade = 0.99;      // a mean over some hundred steps
constexpr double divergence_factor = 3;  // times the loss of a model that knows nothing
constexpr std::int64_t least_warm_up = 50;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Loop {
 public:
  Loop(TrainingTask& task, std::span<Model* const> models, const FitOptions& options,
       std::span<const double> learning_rates, const std::string& fingerprint);

  TrainingResult run(const ProgressCallback& callback);

 private:
  void resume();
  void require_position(const TrainingState& state) const;
  Progress step();
  void count(const StepMetrics& found);
  void guard(const StepMetrics& found) const;
  [[noreturn]] void fail(std::size_t model, const std::string& expected,
                         const std::string& received) const;
  std::string where() const;
  Progress progress() const;
  void finish_epoch(Progress& last);
  void save();

  double learning_rate() const {
    return schedule_->learning_rate(std::max<std::int64_t>(state_.step - 1, 0), steps_);
  }
  std::string phase() const { return options_.phase.empty() ? task_.phase() : options_.phase; }
  double seconds() const { return earlier_seconds_ + seconds_since(start_); }

  TrainingTask& task_;
  const FitOptions& options_;
  const std::string& fingerprint_;
  const std::int64_t epoch_steps_;
  const std::int64_t steps_;
  std::vector<Trainee> trainees_;
  std::unique_ptr<Schedule> schedule_;
  TrainingState state_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point saved_ = start_;
  double earlier_seconds_ = 0;  ///< of the runs this one resumes
  std::int64_t first_step_ = 0;
  std::int64_t saved_step_ = -1;  ///< -1: this training has no checkpoint
};

Loop::Loop(TrainingTask& task, std::span<Model* const> models, const FitOptions& options,
           std::span<const double> learning_rates, const std::string& fingerprint)
    : task_(task),
      options_(options),
      fingerprint_(fingerprint),
      epoch_steps_(task.batches_per_epoch()),
      steps_(options.epochs * epoch_steps_),
      schedule_(make_schedule(options.schedule)) {
  for (std::size_t i = 0; i < models.size(); ++i) {
    const double factor = learning_rates.empty() ? 1 : learning_rates[i];
    trainees_.emplace_back(*models[i], options.optimizer, factor);
  }
  state_.trends.resize(models.size());
}

TrainingResult Loop::run(const ProgressCallback& callback) {
  if (options_.resume && !options_.checkpoint.empty() && exists(options_.checkpoint)) resume();
  first_step_ = state_.step;
  bool stopped = false;
  while (state_.epoch < options_.epochs && !stopped) {
    task_.start_epoch(state_.epoch, state_.batch);
    for (bool epoch_end = false; !epoch_end && !stopped;) {
      const Progress now = step();
      epoch_end = now.epoch_end;
      stopped = callback && !callback(now);
      const bool due = seconds_since(saved_) >= options_.checkpoint_seconds;
      if (stopped || epoch_end || due) save();
    }
  }
  TrainingResult result;
  // Stopping after the very last step leaves nothing to resume.
  result.status =
      state_.epoch < options_.epochs ? TrainingStatus::interrupted : TrainingStatus::finished;
  result.history = state_.history;
  result.step = state_.step;
  result.seconds = seconds();
  return result;
}

Progress Loop::step() {
  const StepMetrics found = task_.compute_gradients(state_.step);
  ++state_.step;
  ++state_.batch;
  count(found);
  guard(found);
  for (std::size_t i = 0; i < trainees_.size(); ++i) {
    const double norm = trainees_[i].update(learning_rate(), options_.clip_norm);
    if (!std::isfinite(norm)) fail(i, "a finite gradient", text("one of norm ", norm));
  }
  Progress now = progress();
  if (now.epoch_end) finish_epoch(now);
  return now;
}

void Loop::count(const StepMetrics& found) {
  add(found, state_.metrics);
  for (std::size_t i = 0; i < trainees_.size(); ++i) {
    state_.trends[i].fade(trend_fade);
    state_.trends[i].add(found.losses[i]);
  }
}

void Loop::guard(const StepMetrics& found) const {
  const double limit = divergence_factor * task_.chance_loss();
  const bool warm = state_.step > std::max(least_warm_up, steps_ / 20);
  for (std::size_t i = 0; i < trainees_.size(); ++i) {
    const double loss = found.losses[i];
    // Which sign a NaN has depends on the CPU.
    if (!std::isfinite(loss)) fail(i, "a finite loss", std::isnan(loss) ? "nan" : text(loss));
    const double trend = state_.trends[i].mean();
    if (warm && trend > limit) {
      fail(i, text("a loss of at most ", limit, " (three times that of guessing)"),
           text(trend, " over the last hundred steps"));
    }
  }
  const double contrastive = found.contrastive.value_or(Weighted{}).value;
  const double distillation = found.distillation.value_or(Weighted{}).value;
  if (!std::isfinite(contrastive) || !std::isfinite(distillation)) {
    throw TrainingError(
        error_text(where(), "finite losses",
                   text("contrastive ", contrastive, ", distillation ", distillation)));
  }
}

std::string Loop::where() const {
  return text("training ", phase(), ", step ", state_.step, " of ", steps_, ", learning rate ",
              learning_rate());
}

void Loop::fail(std::size_t model, const std::string& expected, const std::string& received) const {
  const std::string kept = saved_step_ < 0 ? std::string("there is no checkpoint")
                                           : text("the last good checkpoint, of step ", saved_step_,
                                                  ", is ", options_.checkpoint.string());
  throw TrainingError(error_text(text(where(), ", model ", trainees_[model].name()), expected,
                                 text(received, "; ", kept)));
}

Progress Loop::progress() const {
  Progress now;
  now.phase = phase();
  now.epoch = state_.epoch + 1;
  now.epochs = options_.epochs;
  now.step = state_.step;
  now.steps = steps_;
  now.learning_rate = learning_rate();
  for (const auto& trainee : trainees_) now.names.push_back(trainee.name());
  now.metrics = means(state_.metrics);
  now.seconds = seconds();
  const double steps_per_second =
      static_cast<double>(state_.step - first_step_) / std::max(seconds_since(start_), 1e-9);
  now.images_per_second = steps_per_second * static_cast<double>(options_.batch_size);
  now.seconds_left = static_cast<double>(steps_ - state_.step) / steps_per_second;
  now.epoch_end = state_.batch == epoch_steps_;
  return now;
}

void Loop::finish_epoch(Progress& last) {
  last.held_out_accuracies = task_.evaluate();
  last.seconds = seconds();
  state_.history.push_back(last);
  ++state_.epoch;
  state_.batch = 0;
  state_.metrics = {};
}

void Loop::save() {
  if (options_.checkpoint.empty()) return;
  Checkpoint checkpoint{fingerprint_, state_, {}};
  checkpoint.state.seconds = seconds();
  for (const auto& trainee : trainees_) trainee.collect(checkpoint.tensors);
  task_.collect(checkpoint.tensors);
  try {
    save_checkpoint(options_.checkpoint, checkpoint);
  } catch (const TrainingError& error) {
    throw TrainingError(text(error.what(), " (", where(), ")"));
  }
  saved_ = Clock::now();
  saved_step_ = state_.step;
}

/// A file that was tampered with must not lead outside the epoch or the models.
void Loop::require_position(const TrainingState& state) const {
  const bool fits =
      state.epoch >= 0 && state.batch >= 0 && state.epoch <= options_.epochs &&
      state.batch < epoch_steps_ && state.step == state.epoch * epoch_steps_ + state.batch &&
      state.step <= steps_ && state.history.size() == static_cast<std::size_t>(state.epoch);
  const std::size_t models = state.batch == 0 ? 0 : trainees_.size();  // of the epoch begun
  const bool counted = state.metrics.losses.size() == models &&
                       state.metrics.accuracies.size() == models &&
                       state.trends.size() == trainees_.size();
  if (fits && counted) return;
  throw FileError(
      error_text(options_.checkpoint.string(),
                 text("a position within ", steps_, " steps of ", trainees_.size(), " models"),
                 text("epoch ", state.epoch, ", batch ", state.batch, ", step ", state.step, ", ",
                      state.trends.size(), " models")));
}

void Loop::resume() {
  Checkpoint checkpoint = load_checkpoint(options_.checkpoint);
  require_same_fingerprint(checkpoint.fingerprint, fingerprint_, options_.checkpoint);
  require_position(checkpoint.state);
  for (auto& trainee : trainees_) trainee.restore(checkpoint.tensors);
  task_.restore(checkpoint.tensors);
  state_ = std::move(checkpoint.state);
  earlier_seconds_ = state_.seconds;
  saved_step_ = state_.step;
}

void check(const TrainingTask& task, std::span<Model* const> models, const FitOptions& options,
           std::span<const double> learning_rates) {
  require(!models.empty(), "training", "at least one model", "none");
  constexpr std::int64_t most_epochs = 1'000'000'000;
  require(options.epochs > 0 && options.epochs <= most_epochs, "training",
          text("1 to ", most_epochs, " epochs"), text(options.epochs));
  require(options.clip_norm >= 0, "training", "clip_norm of at least 0", text(options.clip_norm));
  require(options.checkpoint_seconds >= 0, "training", "checkpoint_seconds of at least 0",
          text(options.checkpoint_seconds));
  require(task.batches_per_epoch() > 0, "training",
          text("inputs for at least one batch of ", options.batch_size), "fewer");
  require(learning_rates.empty() || learning_rates.size() == models.size(), "training",
          text(models.size(), " learning-rate multipliers, or none"), text(learning_rates.size()));
  for (const Model* model : models) {
    require(model->ranges.empty(), "training", "models that answer in float",
            text(model->name, " in int8"));
  }
  for (std::size_t i = 1; i < models.size(); ++i) {
    const bool taken = std::any_of(models.begin(), models.begin() + static_cast<std::ptrdiff_t>(i),
                                   [&](const Model* m) { return m->name == models[i]->name; });
    require(!taken, "training", "models with names of their own", models[i]->name + " twice");
  }
}

}  // namespace

TrainingResult run_training(TrainingTask& task, std::span<Model* const> models,
                            const FitOptions& options, std::span<const double> learning_rates,
                            const std::string& fingerprint, const ProgressCallback& callback) {
  check(task, models, options, learning_rates);
  return Loop(task, models, options, learning_rates, fingerprint).run(callback);
}

std::vector<Access::Hold> hold_models(std::span<Model* const> models, std::string_view where) {
  std::vector<Access::Hold> holds;
  for (const Model* model : models) {
    holds.push_back(model->access.write(text(where, ", ", model->name)));
  }
  return holds;
}

}  // namespace muxnet
