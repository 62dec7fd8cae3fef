#pragma once

#include <span>
#include <vector>

#include "muxnet/data/dataset.hpp"
#include "muxnet/data/transform.hpp"
#include "muxnet/losses/contrastive.hpp"
#include "muxnet/training/loop.hpp"

namespace muxnet {

/// Step 1 of Algorithm 1.
struct ModelTrainingOptions {
  FitOptions fit;                 ///< what both steps have in common
  double label_smoothing = 0;     ///< probability spread evenly over all classes
  double contrastive_weight = 0;  ///< of Eq. 2; above 0 every model needs an output "projected"
  ContrastiveOptions contrastive;
  double online_distillation_weight =
      0;  ///< of each model's divergence from the mean answer of all
  double online_distillation_temperature = 2;  ///< by which logits are divided before that
  std::vector<double> learning_rates;          ///< one multiplier per model; empty: all 1
  Augmentation augmentation;  ///< of training images; held-out ones are only resized
};

/// What the models learn from and are measured on.
struct ModelTrainingData {
  Dataset train;
  Dataset held_out;  ///< accuracy on it after each epoch; may be empty
  Normalization normalization;
  /// (n, M) f32 of each training input: what every model's output "scores" (batch, M) learns beside
  /// the labels, by multiplexer_correctness; empty: nothing.
  Tensor right;
};

/// Step 1 of Algorithm 1: on each batch all models go forward, then each takes one optimizer step
/// on cross_entropy(logits) + contrastive_weight * Eq. 2 of all "projected" outputs
/// + multiplexer_correctness("scores") where data.right is given
/// + online_distillation_weight * KL(mean of the probabilities of itself and all dearer ones || its
/// own). A batch smaller than batch_size at the end of an epoch is left out. The weights start as
/// they are.
///
/// Graph outputs used: "logits" (batch, K), "projected" (batch, D). Same models, data, options and
/// thread count: the same bits, interrupted or not. Throws as run_training and hold_models,
/// std::invalid_argument on models or data that do not fit each other. Source: arXiv 2001.05870v2,
/// Algorithm 1.
TrainingResult train_models(std::span<Model* const> models, const ModelTrainingData& data,
                            const ModelTrainingOptions& options,
                            const ProgressCallback& callback = {});

}  // namespace muxnet
