#pragma once

#include <cstdint>
#include <vector>

#include "muxnet/core/random.hpp"
#include "muxnet/routing/input_groups.hpp"
#include "muxnet/routing/outcome_table.hpp"

namespace muxnet {

/// The places of inputs in two parts, each ascending.
struct RandomParts {
  std::vector<std::int64_t> first, second;
};

/// Draws round(fraction groups) of the groups as the first part. Throws std::invalid_argument where
/// a part would be empty.
RandomParts draw_parts(const InputGroups& groups, double fraction, Random& random);

/// For each input the place, 0 .. folds-1, of the random part that its group falls in; parts differ
/// by one group at most. Throws std::invalid_argument for fewer than 2 folds or groups.
std::vector<std::int64_t> draw_folds(const InputGroups& groups, std::int64_t folds,
                                     std::uint64_t seed = 0);

/// Two tables without a common input: one to fit on, one to evaluate on.
struct Division {
  OutcomeTable held_out, test;
};

/// A table's inputs in two random parts, "held_out" with `fraction` of its groups and "test".
/// Throws std::invalid_argument where a part would be empty.
Division divide(const OutcomeTable& table, double fraction = 0.5, std::uint64_t seed = 0);

/// A table's inputs in random order: what is learnt from parts of it comes from other parts.
OutcomeTable shuffle(const OutcomeTable& table, std::uint64_t seed = 0);

}  // namespace muxnet
