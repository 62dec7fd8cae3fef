#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "muxnet/core/tensor.hpp"

namespace muxnet {

/// Whether each of N models was right on each training input each time it saw it, before it learnt
/// from it: for the first few epochs nearly what it would answer for an input it never saw.
class AnswerHistory {
 public:
  static constexpr int longest = 30;  ///< visits that are kept, the latest

  /// None yet. Throws std::invalid_argument for a negative number.
  explicit AnswerHistory(std::int64_t inputs = 0, std::int64_t models = 0);

  std::int64_t inputs() const { return bits_.dim(0); }
  std::int64_t models() const { return bits_.dim(1); }

  /// One visit of each of `rows`. correct: u8 (rows, N). Throws std::out_of_range for a row,
  /// std::invalid_argument for another shape.
  void add(std::span<const std::int64_t> rows, const Tensor& correct);

  /// (n, N) f32: the share of the last `visits` (1 to `longest`) in which the model was right; -1
  /// where there was none.
  Tensor shares(int visits) const;

  /// i32 (n, N): a leading one, then a bit for each visit, the latest lowest, 1 = right.
  const Tensor& bits() const { return bits_; }
  /// Throws std::invalid_argument for another shape or a number below 1.
  void restore(const Tensor& bits);

 private:
  Tensor bits_;
};

}  // namespace muxnet
