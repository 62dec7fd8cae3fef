#pragma once

#include <cstdint>
#include <vector>

#include "muxnet/service/deployment.hpp"

namespace muxnet {

/// The size, up to `most`, from which on larger batches save no time worth having: the first whose
/// images take less than a ninth longer than those of the best. `image_ms`: ms an image in batches
/// of 1, 2, 4, ... and at last `most`; 0: not measured, and then it is `most`. Throws
/// std::invalid_argument for another number of them.
std::int64_t paying_batch(const std::vector<double>& image_ms, std::int64_t most);

/// How long each stage's batches take, by their size; before there are measured ones, none are
/// known and count as 0. Not safe for two threads at once.
class BatchTimes {
 public:
  /// `fill`: batches are as large as they may be, whether that saves time or not.
  BatchTimes(std::size_t stages, std::int64_t max_batch, bool fill);

  void set(Stage stage, std::int64_t images, double ms);
  /// One more batch, whose time counts a fifth.
  void add(Stage stage, std::int64_t images, double ms);
  double of(Stage stage, std::int64_t images) const;
  /// The size from which on larger batches save no time worth having.
  std::int64_t paying(Stage stage) const;
  /// Of the largest batch that is made of so many.
  double largest(Stage stage, std::int64_t images) const;
  /// Of so many, batch after batch.
  double queue(Stage stage, std::int64_t images) const;

 private:
  std::int64_t max_batch_;
  bool fill_;
  std::vector<std::vector<double>> image_ms_;  ///< ms an image by stage and log2 of the batch
};

}  // namespace muxnet
