#include "muxnet/evaluation/abstaining.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "muxnet/core/error.hpp"
#include "muxnet/core/random.hpp"
#include "muxnet/evaluation/bets.hpp"
#include "muxnet/evaluation/evaluate.hpp"
#include "muxnet/routing/division.hpp"

namespace muxnet {
namespace {

constexpr const char* where = "abstain";
constexpr std::uint64_t pilot_stream = 0xAB57A1, order_stream = 0xAB57A2;
constexpr std::uint64_t division_stream = 0xAB57A3;
constexpr std::size_t most_thresholds = 40;
constexpr double everything = std::numeric_limits<double>::lowest();

using Rows = std::vector<std::int64_t>;

/// Those of some inputs.
SureAnswers part_of(const SureAnswers& answers, const Rows& rows) {
  SureAnswers part{{}, {}, answers.groups.of(rows)};
  for (const std::int64_t row : rows) {
    part.worth.push_back(answers.worth[static_cast<std::size_t>(row)]);
    part.confidences.push_back(answers.confidences[static_cast<std::size_t>(row)]);
  }
  return part;
}

SureAnswers answered(const SureAnswers& answers, double threshold) {
  Rows rows;
  for (std::size_t i = 0; i < answers.worth.size(); ++i) {
    if (answers.confidences[i] >= threshold) rows.push_back(static_cast<std::int64_t>(i));
  }
  return part_of(answers, rows);
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// By falling height, the last one below all: of evenly spread shares of the inputs.
std::vector<double> thresholds_of(const SureAnswers& pilot) {
  std::vector<double> sorted = pilot.confidences;
  std::sort(sorted.rbegin(), sorted.rend());
  std::vector<double> thresholds;
  for (std::size_t step = 1; step < most_thresholds; ++step) {
    const double threshold = sorted[step * (sorted.size() - 1) / most_thresholds];
    if (thresholds.empty() || threshold < thresholds.back()) thresholds.push_back(threshold);
  }
  thresholds.push_back(everything);
  return thresholds;
}

/// How far values lie above the bound, in standard errors.
double margin(const SureAnswers& answers, double bound) {
  if (answers.worth.empty()) return -std::numeric_limits<double>::infinity();
  const auto values = group_values(answers.worth, answers.groups, bound);
  // Two of the bound's own beside them: few that are all right are not certain to be.
  double count = 2, sum = 2 * bound, squares = 2 * bound * (1 - bound);
  for (const double value : values) {
    count += 1;
    sum += value;
    squares += (value - bound) * (value - bound);
  }
  return (sum / count - bound) * count / std::sqrt(squares);
}

/// The place of the threshold that the pilot part shows best.
std::size_t best_place(const SureAnswers& pilot, const std::vector<double>& thresholds,
                       double at_least) {
  std::size_t best = 0;
  double highest = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < thresholds.size(); ++i) {
    const double found = margin(answered(pilot, thresholds[i]), at_least);
    if (found <= highest) continue;
    highest = found;
    best = i;
  }
  return best;
}

/// That those answered are right too seldom; how much is staked first, the pilot part tells.
double p_value(const SureAnswers& answers, const SureAnswers& pilot, double at_least,
               std::uint64_t seed) {
  if (answers.worth.empty()) return 1;
  const auto values = group_values(answers.worth, answers.groups, at_least);
  std::vector<double> ordered;
  for (const std::int64_t at :
       Random(seed, order_stream).permutation(static_cast<std::int64_t>(values.size()))) {
    ordered.push_back(values[static_cast<std::size_t>(at)]);
  }
  std::vector<double> before;
  if (!pilot.worth.empty()) before = group_values(pilot.worth, pilot.groups, at_least);
  return mean_p_value(ordered, at_least, at_least, before);
}

/// Inputs of which so many groups are answered as the bets take, the pilot part beside them.
std::int64_t inputs_needed(const SureAnswers& answers, double threshold,
                           const AbstainingOptions& options) {
  const SureAnswers own = answered(answers, threshold);
  if (own.worth.empty()) return 0;
  const auto values = group_values(own.worth, own.groups, options.at_least);
  const auto needed = static_cast<double>(values_needed(values, options.at_least, options.delta));
  const double inputs_each =
      static_cast<double>(answers.worth.size()) / static_cast<double>(values.size());
  if (needed == 0) return 0;
  const double estimate = std::ceil(needed * inputs_each / (1 - options.pilot));
  return std::max(static_cast<std::int64_t>(estimate),
                  static_cast<std::int64_t>(answers.worth.size()) + 1);  // these do not do
}

void check(const AbstainingOptions& options) {
  const auto inside = [](double share) { return share > 0 && share < 1; };
  require(inside(options.at_least), where, "an accuracy in (0, 1)", text(options.at_least));
  require(inside(options.delta), where, "a delta in (0, 1)", text(options.delta));
  require(inside(options.pilot), where, "a pilot share in (0, 1)", text(options.pilot));
}

}  // namespace

SureAnswers sure_answers(const Policy& policy, const OutcomeTable& table) {
  SureAnswers answers{policy.decide(table).quality(table),
                      answer_confidences(*policy.rule(), table), InputGroups(table)};
  for (double& confidence : answers.confidences) {
    if (std::isnan(confidence)) confidence = everything;
  }
  return answers;
}

Abstaining find_threshold(const SureAnswers& answers, const AbstainingOptions& options) {
  check(options);
  Random random(options.seed, pilot_stream);
  const auto parts = draw_parts(answers.groups, options.pilot, random);
  const SureAnswers pilot = part_of(answers, parts.first), rest = part_of(answers, parts.second);
  const auto thresholds = thresholds_of(pilot);
  Abstaining result;
  result.inputs = static_cast<std::int64_t>(answers.groups.inputs());
  result.groups = static_cast<std::int64_t>(answers.groups.count());
  result.accuracy = mean(answers.worth);
  const std::size_t first = best_place(pilot, thresholds, options.at_least);
  std::optional<double> certified;
  for (std::size_t i = first; i < thresholds.size(); ++i) {
    const double p = p_value(answered(rest, thresholds[i]), answered(pilot, thresholds[i]),
                             options.at_least, options.seed);
    if (p > options.delta) break;
    certified = thresholds[i];
  }
  if (!certified) {
    result.inputs_needed = inputs_needed(answers, thresholds[first], options);
    return result;
  }
  const SureAnswers own = answered(answers, *certified);
  const auto share = [](std::size_t part, std::size_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
  };
  result.abstention = {*certified,      options.at_least,
                       options.delta,   share(own.worth.size(), answers.worth.size()),
                       mean(own.worth), result.inputs,
                       result.groups};
  return result;
}

Abstaining find_abstention(const Policy& policy, const OutcomeTable& recorded,
                           const AbstainingOptions& options) {
  require_unseen(policy, recorded);
  return find_threshold(sure_answers(policy, recorded.complete()), options);
}

std::optional<Answered> evaluate_answered(const Policy& policy, const OutcomeTable& recorded,
                                          const BootstrapOptions& options) {
  require_unseen(policy, recorded);
  if (!policy.abstention()) return {};
  const SureAnswers all = sure_answers(policy, recorded.complete());
  const SureAnswers own = answered(all, policy.abstention()->threshold);
  Answered found;
  found.inputs = static_cast<std::int64_t>(own.worth.size());
  found.groups = static_cast<std::int64_t>(own.groups.count());
  found.coverage = static_cast<double>(own.worth.size()) / static_cast<double>(all.worth.size());
  if (!own.worth.empty()) found.accuracy = bootstrap_mean(own.worth, own.groups, options);
  return found;
}

KeptAbstention count_kept_abstentions(const Policy& policy, const OutcomeTable& recorded,
                                      const KeptAbstentionOptions& options) {
  require_unseen(policy, recorded);
  const SureAnswers answers = sure_answers(policy, recorded.complete());
  Random random(options.seed, division_stream);
  KeptAbstention kept;
  double coverage = 0;
  for (std::int64_t division = 0; division < options.divisions; ++division) {
    const auto parts = draw_parts(answers.groups, options.fraction, random);
    const auto found = find_threshold(part_of(answers, parts.first),
                                      {.at_least = options.at_least,
                                       .delta = options.delta,
                                       .seed = static_cast<std::uint64_t>(division)});
    if (found.abstention) {
      const double threshold = found.abstention->threshold;
      const SureAnswers all = answered(answers, threshold);
      const SureAnswers others = answered(part_of(answers, parts.second), threshold);
      ++kept.promised;
      if (mean(all.worth) < options.at_least) ++kept.broken;
      if (mean(others.worth) < options.at_least) ++kept.broken_elsewhere;
      coverage += static_cast<double>(all.worth.size()) / static_cast<double>(answers.worth.size());
    }
    if (options.progress) options.progress();
  }
  if (kept.promised > 0) kept.coverage = coverage / static_cast<double>(kept.promised);
  return kept;
}

}  // namespace muxnet
