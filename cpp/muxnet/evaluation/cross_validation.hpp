#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "muxnet/routing/policy.hpp"

namespace muxnet {

/// How to cross-validate a policy.
struct CrossValidationOptions {
  std::int64_t folds = 5;          ///< parts, each decided by a policy fitted on the others
  std::uint64_t seed = 0;          ///< of the division
  std::function<void()> progress;  ///< called after each part
};

/// What a policy attains on inputs that it was not fitted on.
struct CrossValidated {
  double cost = 0;              ///< mean cost per input of the decisions
  std::vector<double> quality;  ///< (n), what the answer to each input of complete() is worth
};

/// The way in which `policy` was fitted and its point chosen, cross-validated: every input that all
/// models answered is decided by a policy of the same name and options that was fitted on the other
/// parts of the table, at the point that it chooses. What operating points attain on the inputs
/// that they were chosen on is too good, as they are the best of many; this is a little too poor,
/// as each policy has seen fewer inputs. One result for each of `budgets`, in the policy's kind of
/// cost: the most accurate point within it, the cheapest where none is; none: the default point.
/// Parts keep groups together. Throws std::invalid_argument as draw_folds() and a policy's fit()
/// do.
std::vector<CrossValidated> cross_validate(const PolicyMaker& make, const Policy& policy,
                                           const OutcomeTable& table,
                                           const std::vector<std::optional<double>>& budgets,
                                           const CrossValidationOptions& options = {});

}  // namespace muxnet
