#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "muxnet/core/access.hpp"
#include "muxnet/runtime/batch_evidence.hpp"

namespace muxnet {

/// A batch of inputs on its way through a rule, whoever runs the models:
///   while (!batch.done()) for each model m that some rows want: batch.store(m, answers)
/// Several threads may read it; store() beside another call in it throws BusyError.
class DecisionBatch {
 public:
  /// n inputs of which nothing is called yet, numbered from `first_input` on, for a pool of
  /// `models`. Throws std::invalid_argument for fewer than one of either, or what the rule's first
  /// step throws.
  DecisionBatch(std::shared_ptr<const Rule> rule, std::int64_t n, std::int64_t models,
                MultiplexerView view = {}, std::int64_t first_input = 0);

  /// Takes what the multiplexer says of all inputs, where that is known only after the models that
  /// are called first: before their answers are stored. Throws std::invalid_argument on another
  /// shape.
  void show(MultiplexerView view);

  /// Keeps others from storing.
  Access::Hold reading(std::string_view where) const { return access_.read(where); }

  /// No input wants a model any more.
  bool done() const { return waiting_.empty(); }
  /// (N), for each model the inputs that want it now.
  const std::vector<std::vector<std::int64_t>>& wanted() const { return wanted_; }
  /// Takes model's class probabilities f32 (wanted()[model].size(), K); when it was the last one
  /// wanted, the rule decides on. Throws std::invalid_argument on another shape.
  void store(std::size_t model, const Tensor& answers);

  /// What is known of an input.
  Evidence evidence(std::int64_t row) const {
    return known_.of(row, called_.at(static_cast<std::size_t>(row)));
  }

  const MultiplexerView& view() const { return known_.view; }
  /// (n), bit i: model i was run.
  const std::vector<std::uint64_t>& called() const { return called_; }
  /// (n), once done: the class answered.
  const std::vector<std::int32_t>& answers() const { return answers_; }
  /// f32 (n, K), once done: of the answer.
  const Tensor& probabilities() const { return joint_; }

 private:
  void advance();
  void make_room(std::int64_t classes);

  Access access_;
  std::shared_ptr<const Rule> rule_;
  BatchEvidence known_;
  Tensor joint_;  // f32 (n, K)
  std::vector<std::uint64_t> called_;
  std::vector<std::int32_t> answers_;
  std::vector<std::int64_t> waiting_;
  std::vector<std::vector<std::int64_t>> wanted_;
};

}  // namespace muxnet
