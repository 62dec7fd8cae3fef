#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "muxnet/core/tensor.hpp"
#include "muxnet/training/metrics.hpp"
#include "muxnet/training/progress.hpp"

namespace muxnet {

/// Everything of a training that is neither weights nor optimizer. All random numbers are drawn
/// from (seed, epoch, step), so that the position is the random state.
struct TrainingState {
  std::int64_t epoch = 0;  ///< epochs finished
  std::int64_t batch = 0;  ///< batches done in the epoch begun
  std::int64_t step = 0;   ///< steps done over all epochs
  double seconds = 0;
  RunningMetrics metrics;           ///< of the epoch begun
  std::vector<RunningMean> trends;  ///< of each model's loss over the last hundred steps
  std::vector<EpochRecord> history;
};

/// What one file holds: a training that can go on to the same bits.
struct Checkpoint {
  std::string fingerprint;  ///< JSON of all that must be equal to go on
  TrainingState state;
  std::map<std::string, Tensor> tensors;  ///< weights and optimizer state of all models
};

/// Writes one safetensors file atomically, after looking at every f32 tensor: throws TrainingError
/// naming a tensor that is not finite, FileError when writing fails; an older file then stays.
void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

/// Throws FileError on a file that cannot be read or is no checkpoint.
Checkpoint load_checkpoint(const std::filesystem::path& path);

/// Throws std::invalid_argument that lists each setting in which the fingerprint of the checkpoint
/// at `path` differs from that of the training that would resume from it.
void require_same_fingerprint(const std::string& checkpoint, const std::string& training,
                              const std::filesystem::path& path);

}  // namespace muxnet
