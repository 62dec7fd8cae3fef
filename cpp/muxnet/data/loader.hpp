#pragma once

#include <cstdint>
#include <vector>

#include "muxnet/core/fork.hpp"
#include "muxnet/data/dataset.hpp"
#include "muxnet/data/transform.hpp"

namespace muxnet {

struct Batch {
  Tensor images;                      ///< f32 (b, c, h, w), normalised
  Tensor labels;                      ///< i32 (b)
  std::vector<std::int64_t> indices;  ///< rows of the data set
};

struct LoaderOptions {
  std::int64_t batch_size = 128;
  bool shuffle = true;
  bool drop_last = false;  ///< leave out the smaller batch at the end of an epoch
  Augmentation augmentation{};
  std::uint64_t seed = 0;
  int prefetch = 3;  ///< batches prepared ahead, on TBB
};

/// Batches of a data set, prepared ahead while the caller computes. Order and augmentation depend
/// on (seed, epoch) only, never on threads. The memory of a batch is used again once the caller
/// holds no tensor of it any more. For one thread at a time: an epoch belongs to the thread that
/// began it, and a call of another one throws BusyError; in a forked process every call throws
/// std::runtime_error.
class Loader {
 public:
  /// Shares the data set's memory. Throws std::invalid_argument: options or data that do not fit.
  Loader(Dataset dataset, Normalization normalization, LoaderOptions options);
  Loader(Loader&&) noexcept;
  Loader& operator=(Loader&&) noexcept;
  ~Loader();

  /// Begins `epoch` at batch `first_batch`, dropping what was under way. The batches are those of
  /// an undisturbed epoch from there on. Throws std::out_of_range.
  void start_epoch(std::int64_t epoch, std::int64_t first_batch = 0);

  /// The next batch of the epoch, or false at its end. What went wrong while preparing the batch
  /// is thrown here and ends the epoch. Throws std::logic_error before the first start_epoch.
  bool next(Batch& batch);

  std::int64_t batches_per_epoch() const;

  /// (c, h, w) of the images in a batch.
  const Shape& image_shape() const;

 private:
  struct State;
  ProcessLocal<State> state_;
};

}  // namespace muxnet
