#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "muxnet/core/tensor.hpp"
#include "muxnet/data/dataset.hpp"
#include "muxnet/data/transform.hpp"
#include "muxnet/networks/model.hpp"

namespace muxnet {

/// How frozen models see their inputs.
struct FrozenOptions {
  std::int64_t variants = 1;      ///< times each input is seen: first plain, then augmented
  Augmentation augmentation;      ///< of every variant but the first
  std::uint64_t seed = 0;         ///< of the augmentation
  std::int64_t batch_size = 128;  ///< inputs that a model runs on at once
};

/// What N models answer for n inputs in several variants, so that training a multiplexer does not
/// run them again. Rows are those of variant 0, then those of variant 1, ...
struct FrozenOutputs {
  Tensor images;         ///< f32 (variants * n, c, h, w), normalised
  Tensor labels;         ///< i32 (variants * n)
  Tensor probabilities;  ///< f32 (variants * n, N, K)
  Tensor embeddings;     ///< f32 (variants * n, N, D), "projected"; empty where a model has none
  std::int64_t variants = 1;      ///< of each input
  std::vector<double> costs{};    ///< (N), of the models, in one unit
  Normalization normalization{};  ///< of `images`

  /// n.
  std::int64_t inputs() const { return labels.size() / variants; }
  /// N.
  std::int64_t models() const { return probabilities.dim(1); }
  std::int64_t classes() const { return probabilities.dim(2); }
};

/// Runs every model's inference plan over every variant of `dataset`; weights are only read. Throws
/// std::invalid_argument on options below 1, an empty set, models that do not fit it or each other.
FrozenOutputs run_frozen_models(std::span<Model* const> models, const Dataset& dataset,
                                const Normalization& normalization,
                                const FrozenOptions& options = {});

/// The same from recorded answers f32 (n, N, K) to the inputs of `dataset`; to every variant of an
/// input they are those to the plain one. `costs`: (N). Throws std::invalid_argument on options
/// below 1, an empty set, answers or costs that do not fit it or each other.
FrozenOutputs recorded_outputs(const Dataset& dataset, const Tensor& answers,
                               std::vector<double> costs, const Normalization& normalization,
                               const FrozenOptions& options = {});

}  // namespace muxnet
