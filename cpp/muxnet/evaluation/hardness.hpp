#pragma once

#include <cstdint>
#include <vector>

#include "muxnet/routing/decisions.hpp"
#include "muxnet/routing/outcome_table.hpp"

namespace muxnet {

/// All functions here throw std::invalid_argument for a table without labels.

/// (n): number of models that fail on each input, 0..N.
std::vector<std::int64_t> input_hardness(const OutcomeTable& table);

/// (N + 1): number of inputs of each hardness.
std::vector<std::int64_t> hardness_histogram(const OutcomeTable& table);

/// (N, N) row-major, the paper's Figure 1: share of inputs where the row's model is right and the
/// column's wrong.
std::vector<double> right_wrong_matrix(const OutcomeTable& table);

/// What a policy does at each level of hardness.
struct HardnessLevel {
  std::int64_t inputs = 0;            ///< how many there are
  double accuracy = 0;                ///< 0 when there are no inputs
  std::vector<double> called_shares;  ///< (N)
};

/// What a policy does with the inputs of one class.
struct ClassStatistics {
  std::int64_t inputs = 0;  ///< how many there are
  double accuracy = 0;      ///< 0 when there are no inputs
};

/// (K).
std::vector<ClassStatistics> by_class(const OutcomeTable& table, const Decisions& decisions);

/// (N + 1) levels.
std::vector<HardnessLevel> by_hardness(const OutcomeTable& table, const Decisions& decisions);

}  // namespace muxnet
