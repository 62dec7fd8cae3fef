#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "muxnet/training/answer_history.hpp"
#include "muxnet/training/metrics.hpp"

namespace muxnet {

/// One point of the learning curves: an epoch, or what is done of it.
struct EpochRecord {
  std::int64_t epoch = 0;                   ///< from 1
  std::int64_t step = 0;                    ///< steps done, over all epochs
  double learning_rate = 0;                 ///< of the last step
  TrainingMetrics metrics;                  ///< over its training batches
  std::vector<double> held_out_accuracies;  ///< at its end; empty without a held-out set
  double seconds = 0;  ///< of training since the start, interruptions not counted
};

/// Where training stands after a step.
struct Progress : EpochRecord {
  std::string phase;               ///< "models" or "multiplexer"
  std::int64_t epochs = 0;         ///< to be done in all
  std::int64_t steps = 0;          ///< to be done in all
  std::vector<std::string> names;  ///< of the models, in the order of their metrics
  double images_per_second = 0;    ///< of late
  double seconds_left = 0;         ///< until the end, as it goes now
  bool epoch_end = false;          ///< the step is the last of its epoch
};

/// Called after each step; returning false stops training there.
using ProgressCallback = std::function<bool(const Progress&)>;

enum class TrainingStatus { finished, interrupted };

/// What a training left.
struct TrainingResult {
  TrainingStatus status = TrainingStatus::finished;
  std::vector<EpochRecord> history;  ///< of finished epochs
  std::int64_t step = 0;             ///< steps done
  double seconds = 0;                ///< as in EpochRecord
  AnswerHistory answers;             ///< of train_models
};

}  // namespace muxnet
