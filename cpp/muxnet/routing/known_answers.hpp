#pragma once

#include <cstdint>
#include <span>

#include "muxnet/core/tensor.hpp"
#include "muxnet/routing/rule.hpp"

namespace muxnet {

/// What models say of an input.
struct AnswerForm {
  std::int64_t classes = 0;  ///< K
  std::int64_t listed = 0;   ///< W, classes whose probability is kept: K, the likeliest, or none
  std::int64_t scores = 0;   ///< S

  /// Of models that give the probability of every class.
  static AnswerForm of_distributions(std::int64_t classes);
};

/// Answers of N models to n inputs as they come in, kept as an OutcomeTable keeps them, so that a
/// rule decides alike in service and in a replay. Threads may store different rows, or different
/// models of one row, at the same time.
class KnownAnswers {
 public:
  KnownAnswers(std::int64_t rows, std::int64_t models, const AnswerForm& form);

  std::int64_t rows() const { return predictions_.dim(0); }
  std::int64_t models() const { return predictions_.dim(1); }

  /// The probabilities of all K classes.
  void store(std::int64_t row, std::size_t model, std::span<const float> probabilities);
  /// Its likeliest classes, as a table has them.
  void store(std::int64_t row, std::size_t model, const Distribution& likeliest);
  /// A class alone, with its scores.
  void store(std::int64_t row, std::size_t model, std::int32_t answer,
             std::span<const float> scores);

  /// Shows a row's answers.
  void show(std::int64_t row, Evidence& evidence) const;

 private:
  std::int64_t cell(std::int64_t row, std::size_t model) const;

  std::int64_t classes_;
  Tensor predictions_;    ///< i32 (n, N)
  Tensor confidences_;    ///< (n, N)
  Tensor scores_;         ///< (n, N, S)
  Tensor probabilities_;  ///< (n, N, W)
  Tensor top_classes_;    ///< i32 (n, N, W)
  Tensor whole_;          ///< (n, N, K), beside top classes
};

}  // namespace muxnet
