#pragma once

#include <cstdint>
#include <vector>

#include "muxnet/core/random.hpp"
#include "muxnet/routing/outcome_table.hpp"

namespace muxnet {

/// The numbers 0 .. n-1 in two parts, each ascending.
struct RandomParts {
  std::vector<std::int64_t> first, second;
};

/// Draws round(fraction n) of the numbers 0 .. n-1 as the first part. Throws std::invalid_argument
/// where a part would be empty.
RandomParts draw_parts(std::int64_t n, double fraction, Random& random);

/// For each of the numbers 0 .. n-1 the place, 0 .. folds-1, of the random part that it falls in;
/// parts differ by one number at most. Throws std::invalid_argument for fewer than 2 folds or
/// numbers.
std::vector<std::int64_t> draw_folds(std::int64_t n, std::int64_t folds, std::uint64_t seed = 0);

/// Two tables without a common input: one to fit on, one to evaluate on.
struct Division {
  OutcomeTable held_out, test;
};

/// A table's inputs in two random parts, "held_out" with `fraction` of them and "test". Throws
/// std::invalid_argument where a part would be empty.
Division divide(const OutcomeTable& table, double fraction = 0.5, std::uint64_t seed = 0);

/// A table's inputs in random order: what is learnt from parts of it comes from other parts.
OutcomeTable shuffle(const OutcomeTable& table, std::uint64_t seed = 0);

}  // namespace muxnet
