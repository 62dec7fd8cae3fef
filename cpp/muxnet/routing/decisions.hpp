#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "muxnet/routing/outcome_table.hpp"

namespace muxnet {

/// What a policy did with every input of a table; all numbers follow from it.
struct Decisions {
  std::vector<std::uint64_t> called;         ///< (n), bit i: model i was run, and is paid for
  std::vector<std::int32_t> answers;         ///< (n), the class answered
  std::vector<std::uint64_t> answered_from;  ///< (n), bits of the models whose answers it is
  bool uses_multiplexer = false;             ///< it ran on every input, and is paid for
  double rule_macs = 0;  ///< MACs of deciding itself, per input, paid for in "macs"

  /// (n) in [0, 1], what the answers are worth: 1 where it is the label, 0 elsewhere, or the
  /// quality recorded for that answer. Throws std::invalid_argument with neither, and for an answer
  /// that no model gave where quality was recorded.
  std::vector<double> quality(const OutcomeTable& table) const;
  /// (n): sum of what the called models cost on the input, expected where that was not recorded,
  /// plus the router's own and, of MACs, those of deciding. A chain pays for every model run.
  std::vector<double> costs(const OutcomeTable& table, const std::string& kind) const;
  /// (N): share of the inputs that each model was run on.
  std::vector<double> called_shares(std::int64_t models) const;
  /// Mean number of models run.
  double models_per_input() const;
};

}  // namespace muxnet
