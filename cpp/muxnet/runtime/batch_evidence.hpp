#pragma once

#include <cstdint>

#include "muxnet/routing/known_answers.hpp"
#include "muxnet/runtime/run_multiplexer.hpp"

namespace muxnet {

/// What is known of a batch of inputs so far. Threads may store different rows, or different models
/// of one row, at the same time.
class BatchEvidence {
 public:
  BatchEvidence(std::int64_t rows, std::int64_t models, std::int64_t classes);

  /// Of one row, whose number among all inputs is first_input + row.
  Evidence of(std::int64_t row, std::uint64_t called) const;

  /// Copies row `from` of answers f32 (n, K) as what `model` says of `row`.
  void store(std::int64_t row, std::size_t model, const Tensor& answers, std::int64_t from);
  /// Copies row `from` of what a multiplexer said.
  void store(std::int64_t row, const MultiplexerView& view, std::int64_t from);

  std::int64_t rows() const { return answers_.rows(); }
  std::int64_t models() const { return answers_.models(); }

  /// Tensors of rows() rows for what a multiplexer of this kind says; before the rows are stored.
  void make_room(const Multiplexer& multiplexer);
  /// Of all rows.
  MultiplexerView view;
  /// Models that have to be called before a row's view is there: until then it is left out.
  std::uint64_t called_first = 0;
  std::int64_t first_input = 0;

 private:
  KnownAnswers answers_;
};

}  // namespace muxnet
