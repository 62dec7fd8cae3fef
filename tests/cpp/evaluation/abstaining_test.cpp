#include "muxnet/evaluation/abstaining.hpp"

#include <cmath>

#include "muxnet/policies/registry.hpp"
#include "support/tables.hpp"
#include "support/temporary_folder.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::random_table;

/// Answers that are right with probability 0.6 + 0.4 c at confidence c, by groups of `each` that
/// are right together.
SureAnswers drawn(std::uint64_t seed, std::size_t count, std::size_t each = 1) {
  Random random(seed);
  std::vector<double> worth, confidences;
  std::vector<std::int64_t> names;
  for (std::size_t group = 0; group < count; ++group) {
    const double confidence = random.uniform();
    const double value = random.uniform() < 0.6 + 0.4 * confidence ? 1 : 0;
    for (std::size_t i = 0; i < each; ++i) {
      worth.push_back(value);
      confidences.push_back(confidence);
      names.push_back(static_cast<std::int64_t>(group));
    }
  }
  const InputGroups groups(worth.size(), names);
  return {worth, confidences, groups};
}

/// Of the answers drawn() above a threshold: the mean of 0.6 + 0.4 c.
double true_accuracy(double threshold) { return 0.6 + 0.2 * (1 + std::clamp(threshold, 0.0, 1.0)); }

TEST(Abstaining, KeepsItsPromise) {
  // 90 % are right above 0.5. In 500 draws a tenth may promise more than there is.
  int promised = 0, broken = 0;
  double coverage = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const auto found = find_threshold(drawn(seed, 3000), {.at_least = 0.9, .delta = 0.1});
    EXPECT_EQ(found.inputs, 3000);
    if (!found.abstention) continue;
    ++promised;
    coverage += found.abstention->coverage;
    broken += true_accuracy(found.abstention->threshold) < 0.9 ? 1 : 0;
  }
  EXPECT_GT(promised, 480);
  EXPECT_LE(broken, 50 + 3 * std::sqrt(500 * 0.1 * 0.9));
  EXPECT_GT(coverage / promised, 0.3);
  EXPECT_LT(coverage / promised, 0.5);
}

TEST(Abstaining, CountsAGroupAsOneInput) {
  int broken = 0, promised = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const auto found = find_threshold(drawn(seed, 600, 8), {.at_least = 0.9, .delta = 0.1});
    EXPECT_EQ(found.groups, 600);
    if (!found.abstention) continue;
    ++promised;
    broken += true_accuracy(found.abstention->threshold) < 0.9 ? 1 : 0;
  }
  EXPECT_GT(promised, 100);
  EXPECT_LE(broken, 30 + 3 * std::sqrt(300 * 0.1 * 0.9));
}

TEST(Abstaining, AnswersAllWhereAllAreGoodEnough) {
  const auto found = find_threshold(drawn(1, 4000), {.at_least = 0.7});
  ASSERT_TRUE(found.abstention);
  EXPECT_EQ(found.abstention->coverage, 1);
  EXPECT_NEAR(found.abstention->accuracy, 0.8, 0.03);
}

TEST(Abstaining, SaysHowManyInputsItWouldTake) {
  const auto few = find_threshold(drawn(1, 60), {.at_least = 0.9});
  EXPECT_FALSE(few.abstention);
  EXPECT_GT(few.inputs_needed, 60);
  EXPECT_LT(few.inputs_needed, 5000);
  SureAnswers bad = drawn(1, 1000);
  std::fill(bad.worth.begin(), bad.worth.end(), 0.5);
  const auto none = find_threshold(bad, {.at_least = 0.9});
  EXPECT_FALSE(none.abstention);
  EXPECT_EQ(none.inputs_needed, 0);
}

TEST(Abstaining, RefusesWhatCannotBe) {
  const auto answers = drawn(1, 100);
  expect_text(error_of([&] { find_threshold(answers, {.at_least = 1}); }), {"accuracy in (0, 1)"});
  expect_text(error_of([&] { find_threshold(answers, {.delta = 0}); }), {"delta in (0, 1)"});
  expect_text(error_of([&] { find_threshold(drawn(1, 1)); }), {"two parts of"});
}

class AbstainingPolicy : public ::testing::TestWithParam<const char*> {};

TEST_P(AbstainingPolicy, IsKeptWithIt) {
  const auto policy = make_policy(GetParam());
  policy->fit(random_table(61, {.inputs = 1000}));
  const OutcomeTable calibration = random_table(62, {.inputs = 4000, .split = "calibration"});
  const auto found = find_abstention(*policy, calibration, {.at_least = 0.95});
  ASSERT_TRUE(found.abstention);
  EXPECT_LT(found.abstention->coverage, 1);
  EXPECT_GT(found.abstention->coverage, 0);
  const std::string before = policy->version();
  policy->abstain(*found.abstention);
  EXPECT_NE(policy->version(), before);
  const testing::TemporaryFolder folder;
  policy->save(folder.path() / "policy.json");
  const auto loaded = load_policy(folder.path() / "policy.json");
  EXPECT_EQ(loaded->version(), policy->version());
  const auto rule = loaded->rule();
  const auto confidences = answer_confidences(*rule, calibration);
  double answered = 0;
  for (const double confidence : confidences) answered += rule->abstains(confidence) ? 0 : 1;
  EXPECT_DOUBLE_EQ(answered / 4000, found.abstention->coverage);
  const auto part = evaluate_answered(*loaded, calibration);
  EXPECT_EQ(part->coverage, found.abstention->coverage);
  EXPECT_DOUBLE_EQ(static_cast<double>(part->inputs), answered);
  EXPECT_NEAR(part->accuracy.value, found.abstention->accuracy, 1e-12);
  EXPECT_LT(part->accuracy.interval.low, part->accuracy.value);
  EXPECT_FALSE(policy->rule(policy->operating_points().front())->abstains(0));
  policy->choose(policy->point());
  EXPECT_FALSE(policy->abstention());
  EXPECT_FALSE(evaluate_answered(*policy, calibration));
  EXPECT_EQ(policy->version(), before);
}

INSTANTIATE_TEST_SUITE_P(Policies, AbstainingPolicy,
                         ::testing::Values("cascade", "learned_cascade", "hybrid_ensemble",
                                           "average_ensemble"));

TEST(AbstainingPromises, AreSeldomBroken) {
  const auto policy = make_policy("cascade");
  policy->fit(random_table(61, {.inputs = 1000}));
  const OutcomeTable table = random_table(62, {.inputs = 4000, .split = "test"});
  int calls = 0;
  KeptAbstentionOptions options;
  options.at_least = 0.9;
  options.divisions = 200;
  options.progress = [&] { ++calls; };
  const auto kept = count_kept_abstentions(*policy, table, options);
  EXPECT_EQ(calls, 200);
  EXPECT_GT(kept.promised, 150);
  EXPECT_LE(kept.broken, 20 + 3 * std::sqrt(200 * 0.1 * 0.9));
  EXPECT_GT(kept.coverage.value_or(0), 0.05);
  expect_text(error_of([&] { find_abstention(*policy, random_table(61, {.inputs = 1000})); }),
              {"shares"});
}

}  // namespace
}  // namespace muxnet
