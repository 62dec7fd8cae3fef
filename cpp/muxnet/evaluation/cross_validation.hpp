#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "muxnet/routing/policy.hpp"

namespace muxnet {

/// How to cross-validate a policy.
struct CrossValidationOptions {
  std::int64_t folds = 5;          ///< parts, each decided by a policy fitted on the others
  std::uint64_t seed = 0;          ///< of the division
  std::function<void()> progress;  ///< called after each part
};

/// What a policy attains within a budget, on inputs that it was not fitted on.
struct CrossValidated {
  double cost = 0;              ///< mean cost per input of the decisions
  std::vector<double> quality;  ///< (n), what the answer to each input of complete() is worth
};

/// The way in which `policy` was fitted and its point chosen, cross-validated: every input is
/// decided by a policy of the same name and options that was fitted on the other parts of the
/// table, at the most accurate point within the budget there, the cheapest where none is. What
/// operating points attain on the inputs that they were chosen on is too good, as they are the best
/// of many. One result for each of `budgets`, which are of the policy's kind of cost. Parts keep
/// groups together. Throws std::invalid_argument as draw_folds() and a policy's fit() do.
std::vector<CrossValidated> cross_validate(const PolicyMaker& make, const Policy& policy,
                                           const OutcomeTable& table,
                                           const std::vector<double>& budgets,
                                           const CrossValidationOptions& options = {});

}  // namespace muxnet
