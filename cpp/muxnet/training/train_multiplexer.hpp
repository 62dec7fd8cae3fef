#pragma once

#include <cstdint>

#include "muxnet/losses/multiplexer.hpp"
#include "muxnet/training/frozen_outputs.hpp"
#include "muxnet/training/loop.hpp"

namespace muxnet {

/// What the single output of a mobile/cloud multiplexer learns: 1 = cloud.
enum class OffloadTarget {
  none,           ///< no offload: one score per model
  device_wrong,   ///< the device's model is wrong
  cloud_rescues,  ///< the device's model is wrong and the cloud's is right: nothing else is worth
                  ///< it
};

/// Step 2 of Algorithm 1.
struct MultiplexerTrainingOptions {
  FitOptions fit;                                ///< what both steps have in common
  Objective objective = Objective::correctness;  ///< what it is trained for
  WeightOptions weights;                         ///< of the ensemble objective
  double distillation_weight = 0;  ///< of Eq. 8; above 0 the models need an output "projected"
  OffloadTarget offload = OffloadTarget::none;  ///< what its single output learns, if it has one
  std::int64_t device = 0;                      ///< models of the offload case, by position
  std::int64_t cloud = 1;                       ///< position of the model in the cloud
};

/// Step 2 of Algorithm 1: the multiplexer learns from what frozen models answered, by
/// - ensemble: Eq. 7, cross-entropy of the weighted answer, with the costs of `outputs`;
/// - correctness: binary cross-entropy of each score against "this model is right";
/// - offload: binary cross-entropy of the one score against OffloadTarget;
/// each + distillation_weight * Eq. 8. An epoch shows every input once, in a variant drawn at
/// random. Accuracies in progress and history are those of the answer of the model with the highest
/// weight (offload: of the cloud where the score is above 0, else of the device).
///
/// Graph outputs used: "scores" (batch, N), with offload (batch, 1), and "meta" (batch, N * D) or
/// (batch, D). `validation` (may be null): accuracy on its variant 0 after each epoch; a finished
/// multiplexer of correctness is then scaled on it (scale_own_scores). Throws as
/// run_training, std::invalid_argument on parts that do not fit each other.
/// Source: arXiv 2001.05870v2, Algorithm 1.
TrainingResult train_multiplexer(Model& multiplexer, const FrozenOutputs& outputs,
                                 const MultiplexerTrainingOptions& options,
                                 const FrozenOutputs* validation = nullptr,
                                 const ProgressCallback& callback = {});

}  // namespace muxnet
