#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "muxnet/core/tensor.hpp"
#include "muxnet/routing/decisions.hpp"
#include "muxnet/routing/outcome_table.hpp"

namespace muxnet {

/// What is known about one input at some stage. Entries of models not yet called are not to be
/// read: in a replay they are recorded already, in service they do not exist.
struct Evidence {
  std::int64_t input = 0;          ///< number of the input, names its random draws
  std::span<const float> weights;  ///< (N) or empty
  std::span<const float> scores;   ///< (N) or empty
  float offload_score = std::numeric_limits<float>::quiet_NaN();
  std::uint64_t called = 0;                   ///< bit i: model i has answered
  std::span<const float> probabilities;       ///< (N, K)
  std::span<const std::int32_t> predictions;  ///< (N)
  std::span<const float> confidences;         ///< (N), max-softmax
};

/// The rows of a table as evidence, of which nothing is called yet. The table must outlive it.
class OutcomeRows {
 public:
  explicit OutcomeRows(const OutcomeTable& table);
  Evidence at(std::size_t row) const;

 private:
  std::size_t models_, classes_;
  std::span<const float> probabilities_;
  std::span<const std::int32_t> predictions_;
  std::span<const float> confidences_, weights_, scores_, offload_scores_;
};

/// What to do next: call more models, or answer from some of those called.
struct Step {
  std::uint64_t call = 0;
  std::uint64_t answer_from = 0;
};

/// One operating point of a policy, ready to decide: a machine that is asked for its next step
/// until it answers. The same rule replays recorded outcomes and runs in service. Safe to share
/// among threads.
class Rule {
 public:
  virtual ~Rule() = default;

  /// A step either calls at least one model not yet called or answers from called ones. Throws
  /// std::invalid_argument when the rule needs the multiplexer's output and there is none.
  virtual Step next(const Evidence& evidence) const = 0;

  /// The class answered: the argmax of the mean probabilities of `answer_from`, which
  /// `probabilities` (K) receives. Of one model this must stay its own answer: a replay reads that
  /// from the table's predictions.
  virtual std::int32_t combine(const Evidence& evidence, std::uint64_t answer_from,
                               std::span<float> probabilities) const;

  /// The models, of those called (at least one), to answer from when no further one may be called.
  virtual std::uint64_t answer_now(const Evidence& evidence) const { return evidence.called; }

  /// Decisions for every row of a table, by stepping through each.
  virtual Decisions replay(const OutcomeTable& table) const;
};

/// The bit of model `index`.
constexpr std::uint64_t model_bit(std::size_t index) { return std::uint64_t{1} << index; }

/// All bits of `models` models.
constexpr std::uint64_t all_models(std::size_t models) {
  return models >= 64 ? ~std::uint64_t{0} : model_bit(models) - 1;
}

}  // namespace muxnet
