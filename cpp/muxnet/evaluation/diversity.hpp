#pragma once

#include <cstddef>
#include <vector>

#include "muxnet/routing/outcome_table.hpp"

namespace muxnet {

/// How differently models err, in shares of the inputs. Of recorded quality a share is a mean: of
/// what an answer lacks to 1 where it is wrong, of what it is worth more than another.
struct Diversity {
  double disagreement = 0;  ///< two models answer differently (|q_a - q_b|), the mean over pairs
  double double_fault = 0;  ///< two models are both wrong (1 - max(q_a, q_b)), the same
  double all_wrong = 0;     ///< no model is right (1 - max_i q_i)
  double oracle_gain = 0;   ///< another model is right, the reference wrong (max_i q_i - q_ref)
};

/// Of a table that every model answered. Throws std::invalid_argument for a table without labels
/// and quality, of one model, or without the reference.
Diversity diversity(const OutcomeTable& table, std::size_t reference);

/// (N), the share of the inputs that each model alone gets right; of recorded quality the mean of
/// what its answer is worth above the best of the others. Throws as diversity().
std::vector<double> only_right(const OutcomeTable& table);

}  // namespace muxnet
