#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "muxnet/graph/mode.hpp"
#include "muxnet/networks/model.hpp"
#include "muxnet/optim/optimizer.hpp"
#include "muxnet/optim/schedule.hpp"
#include "muxnet/training/progress.hpp"

namespace muxnet {

/// What both steps of Algorithm 1 have in common.
struct FitOptions {
  std::string phase;         ///< what progress and errors call it; empty: as the step is called
  std::int64_t epochs = 10;  ///< passes over the training inputs
  std::int64_t batch_size = 128;  ///< inputs a step
  OptimizerOptions optimizer;     ///< how a gradient becomes a step
  ScheduleOptions schedule;       ///< the learning rate over the steps
  double clip_norm = 0;           ///< greatest L2 norm of a model's gradient; 0: not clipped
  std::uint64_t seed = 0;         ///< of order and augmentation
  Precision precision = Precision::full;  ///< of forward and backward passes
  /// Where to keep the training; empty: nowhere. Written at each epoch's end, after
  /// `checkpoint_seconds` within one, and when the callback stops the training.
  std::filesystem::path checkpoint;
  double checkpoint_seconds = 60;  ///< longest time between two checkpoints
  /// Go on from `checkpoint` where that file exists, to the same bits as without interruption. It
  /// must come from a training that is the same in everything but path and period of checkpoints.
  bool resume = false;
};

/// What differs between the two steps of Algorithm 1; run_training does the rest.
class TrainingTask {
 public:
  virtual ~TrainingTask() = default;

  virtual std::string phase() const = 0;
  virtual std::int64_t batches_per_epoch() const = 0;
  /// The loss of a model that knows nothing: three times as much means divergence.
  virtual double chance_loss() const = 0;
  virtual void start_epoch(std::int64_t epoch, std::int64_t first_batch) = 0;
  /// Forward and backward on the next batch: fills the gradients of all models.
  virtual StepMetrics compute_gradients(std::int64_t step) = 0;
  /// Accuracy of each model on held-out inputs; empty where there are none.
  virtual std::vector<double> evaluate() = 0;
  /// What a checkpoint must hold of the task itself, and its way back. restore throws
  /// std::invalid_argument on tensors that are missing or of another shape.
  virtual void collect(std::map<std::string, Tensor>& tensors) const { (void)tensors; }
  virtual void restore(const std::map<std::string, Tensor>& tensors) { (void)tensors; }
};

/// Runs `task` to its end, or until `callback` returns false. `fingerprint`: JSON object of what
/// must be equal to resume. `learning_rates`: one multiplier per model, or empty for ones.
///
/// Throws TrainingError, naming model, step and learning rate, when a loss or gradient is not
/// finite, or when after the warm-up (a twentieth of all steps, at least 50) a loss averaged over
/// the last hundred steps is above three times chance_loss; the last checkpoint then stays.
/// Throws std::invalid_argument on options out of range or a checkpoint of another training, and
/// FileError.
TrainingResult run_training(TrainingTask& task, std::span<Model* const> models,
                            const FitOptions& options, std::span<const double> learning_rates,
                            const std::string& fingerprint, const ProgressCallback& callback);

/// Keeps other threads from the models while a training lasts. Throws BusyError, which names
/// `where`, while one uses them.
std::vector<Access::Hold> hold_models(std::span<Model* const> models, std::string_view where);

}  // namespace muxnet
