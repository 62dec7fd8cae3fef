#pragma once

#include <cstddef>
#include <vector>

#include "muxnet/routing/outcome_table.hpp"

namespace muxnet {

/// How differently models err, in shares of the inputs.
struct Diversity {
  double disagreement = 0;  ///< two models answer differently, the mean over pairs
  double double_fault = 0;  ///< two models are both wrong, the mean over pairs
  double all_wrong = 0;     ///< share of the inputs that no model gets right
  double oracle_gain = 0;   ///< the reference is wrong, another model right
};

/// Throws std::invalid_argument for a table without labels, of one model, or without the reference.
Diversity diversity(const OutcomeTable& table, std::size_t reference);

/// (N), the share of the inputs that each model alone gets right. Throws std::invalid_argument for
/// a table without labels.
std::vector<double> only_right(const OutcomeTable& table);

}  // namespace muxnet
