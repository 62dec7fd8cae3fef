#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "muxnet/evaluation/bootstrap.hpp"
#include "muxnet/routing/input_groups.hpp"
#include "muxnet/routing/policy.hpp"

namespace muxnet {

struct AbstainingOptions {
  double at_least = 0.95;  ///< accuracy promised among the answered
  double delta = 0.1;      ///< probability that it is less
  double pilot = 0.2;      ///< share of the groups that thresholds are drawn up on
  std::uint64_t seed = 0;  ///< of that part, and of the order in which inputs are looked at
};

/// What a calibration found.
struct Abstaining {
  std::optional<Abstention> abstention;  ///< that answers most of those certified
  std::int64_t inputs = 0, groups = 0;   ///< that it stands on; each input its own group: alike
  double accuracy = 0;                   ///< of all answers
  /// Where nothing was certified: about so many labelled inputs would do, if these are typical; 0:
  /// no number would, as the surest answers are not right often enough either.
  std::int64_t inputs_needed = 0;
};

/// What answers to inputs are worth, in [0, 1], and how sure they are.
struct SureAnswers {
  std::vector<double> worth, confidences;
  InputGroups groups;
};

/// Those of a policy at its chosen point to a table that every model answered.
SureAnswers sure_answers(const Policy& policy, const OutcomeTable& table);

/// The threshold on the confidence of a policy's answers, at its chosen point, that leaves fewest
/// to a person, such that with probability 1 - delta over the draw of `calibration`
///   E[worth | confidence >= threshold] >= at_least.
/// Thresholds are quantiles of a pilot part's confidences, of which it shows one to be best: from
/// there on to lower ones each is tested on the rest at level delta until one fails, so that
/// together they err with probability delta (Learn then Test). The tests are mean_p_value()s of the
/// answered, by group_values(), their first stakes chosen on the pilot part. Answers without a
/// confidence are the least sure.
/// Throws std::invalid_argument for options out of range, and inputs that the policy has seen.
Abstaining find_abstention(const Policy& policy, const OutcomeTable& calibration,
                           const AbstainingOptions& options = {});

/// The same of any answers. Throws std::invalid_argument for options out of range.
Abstaining find_threshold(const SureAnswers& answers, const AbstainingOptions& options = {});

/// What a policy that abstains answers of some inputs, and leaves no person to look at.
struct Answered {
  std::int64_t inputs = 0, groups = 0;  ///< that are answered; each input its own group: alike
  double coverage = 0;                  ///< share of all inputs
  Estimate accuracy;                    ///< among the answered; 0 where there are none
};

/// None for a policy that does not abstain. Throws std::invalid_argument for inputs that the policy
/// has seen.
std::optional<Answered> evaluate_answered(const Policy& policy, const OutcomeTable& table,
                                          const BootstrapOptions& options = {});

/// What became of such a promise over random divisions of recorded answers.
struct KeptAbstention {
  std::int64_t promised = 0;  ///< divisions in which a threshold was certified
  /// Of these, where fewer are right than promised of all inputs answered, which stand for what
  /// they were drawn from; and of those not calibrated on, whose own chance is in it.
  std::int64_t broken = 0, broken_elsewhere = 0;
  std::optional<double> coverage;  ///< mean share of all inputs that is answered; none: none was
};

struct KeptAbstentionOptions {
  double at_least = 0.95;  ///< accuracy promised among the answered
  double delta = 0.1;      ///< probability that it is less
  std::int64_t divisions = 1000;
  double fraction = 0.5;           ///< of the groups to calibrate on
  std::uint64_t seed = 0;          ///< of the divisions
  std::function<void()> progress;  ///< called after each division
};

/// Finds thresholds on random parts of `table` and counts promises that were broken. Throws
/// std::invalid_argument as find_abstention() does, and where a part would be empty.
KeptAbstention count_kept_abstentions(const Policy& policy, const OutcomeTable& table,
                                      const KeptAbstentionOptions& options = {});

}  // namespace muxnet
