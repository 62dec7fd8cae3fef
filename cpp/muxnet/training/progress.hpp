#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "muxnet/training/answer_history.hpp"

namespace muxnet {

/// Where training stands after a step. Means run over the steps of the current epoch.
struct Progress {
  std::string phase;               ///< "models" or "multiplexer"
  std::int64_t epoch = 0;          ///< epochs begun, from 1
  std::int64_t epochs = 0;         ///< to be done in all
  std::int64_t step = 0;           ///< steps done, over all epochs
  std::int64_t steps = 0;          ///< to be done in all
  double learning_rate = 0;        ///< of the step
  std::vector<std::string> names;  ///< of the models, in the order of the next two
  std::vector<double> losses;      ///< the main loss: cross-entropy, or the multiplexer's objective
  std::vector<double> accuracies;  ///< mean on the training batches, one a model
  std::vector<double> held_out_accuracies;  ///< at the end of an epoch, where measured
  double contrastive = 0;          ///< Eq. 2, with its mean distances; 0 where not trained with
  double both_right_distance = 0;  ///< mean distance of two models that are both right
  double one_right_distance = 0;   ///< mean distance of a model that is right from one that is not
  double distillation = 0;         ///< on-line distillation, or Eq. 8; 0 where not trained with
  double images_per_second = 0;    ///< of late
  double seconds_left = 0;         ///< until the end, as it goes now
  bool epoch_end = false;          ///< the step is the last of its epoch
};

/// Called after each step; returning false stops training there.
using ProgressCallback = std::function<bool(const Progress&)>;

/// One point of the learning curves: means over the training batches of one epoch.
struct EpochRecord {
  std::int64_t epoch = 0;                   ///< from 1
  std::int64_t step = 0;                    ///< steps done at its end
  double learning_rate = 0;                 ///< of its last step
  std::vector<double> losses;               ///< mean, one a model
  std::vector<double> accuracies;           ///< mean on the training batches, one a model
  std::vector<double> held_out_accuracies;  ///< empty without a held-out set
  double contrastive = 0;                   ///< mean contrastive loss
  double both_right_distance = 0;           ///< mean distance of two models that are both right
  double one_right_distance = 0;  ///< mean distance of a model that is right from one that is not
  double distillation = 0;        ///< mean distillation loss
  double seconds = 0;             ///< of training since the start, interruptions not counted
};

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
