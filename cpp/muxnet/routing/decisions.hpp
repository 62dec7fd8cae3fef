#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "muxnet/routing/outcome_table.hpp"

namespace muxnet {

/// What a policy did with every input of a table; all numbers follow from it.
struct Decisions {
  std::vector<std::uint64_t> called;  ///< (n), bit i: model i was run, and is paid for
  std::vector<std::int32_t> answers;  ///< (n), the class answered
  bool uses_multiplexer = false;      ///< it ran on every input, and is paid for
  double rule_macs = 0;               ///< MACs of deciding itself, per input, paid for in "macs"

  /// u8 (n): the answer is the label. Throws std::invalid_argument without labels.
  std::vector<std::uint8_t> correct(const OutcomeTable& table) const;
  /// (n): sum of the called models' costs plus the router's own and, of MACs, those of deciding. A
  /// chain pays for every model run.
  std::vector<double> costs(const OutcomeTable& table, const std::string& kind) const;
  /// (N): share of the inputs that each model was run on.
  std::vector<double> called_shares(std::int64_t models) const;
  /// Mean number of models run.
  double models_per_input() const;
};

}  // namespace muxnet
