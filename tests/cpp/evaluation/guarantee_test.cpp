#include "muxnet/evaluation/guarantee.hpp"

#include <cmath>

#include "muxnet/evaluation/bets.hpp"
#include "muxnet/evaluation/evaluate.hpp"
#include "muxnet/policies/registry.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::random_table;

/// -1, 0 or 1 with the given chances of the ends.
std::vector<double> draws(std::uint64_t seed, std::size_t count, double down, double up) {
  Random random(seed);
  std::vector<double> result(count);
  for (double& value : result) {
    const double u = random.uniform();
    value = u < down ? -1 : u < down + up ? 1 : 0;
  }
  return result;
}

TEST(DropPValue, IsSeldomSmallWhereTheHypothesisHolds) {
  // The mean is exactly -0.02: no more than a twentieth of the tests may say that it is above.
  int rejected = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    rejected += drop_p_value(draws(seed, 800, 0.06, 0.04), 0.02) <= 0.05 ? 1 : 0;
  }
  EXPECT_LE(rejected, 2000 * 0.05 + 3 * std::sqrt(2000 * 0.05 * 0.95));
  EXPECT_GT(rejected, 0);
}

TEST(DropPValue, IsSmallWhereTheMeanIsClearlyAbove) {
  int rejected = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    rejected += drop_p_value(draws(seed, 4000, 0.04, 0.04), 0.02) <= 0.05 ? 1 : 0;
  }
  EXPECT_GT(rejected, 170);
  EXPECT_LT(drop_p_value(std::vector<double>(2000, 0.0), 0.01), 0.05);
  EXPECT_EQ(drop_p_value({}, 0.01), 1);
}

TEST(DropPValue, RefusesWhatCannotBe) {
  const std::vector<double> two{0, 2};
  expect_text(error_of([&] { drop_p_value(two, 0.1); }), {"[-1, 1]", "2"});
  expect_text(error_of([&] { drop_p_value({}, 0); }), {"a drop in (0, 1)"});
}

TEST(GroupValues, OfSingleInputsAreTheirValues) {
  const auto values = draws(1, 50, 0.3, 0.3);
  EXPECT_EQ(group_values(values, InputGroups(50), -0.01), values);
}

TEST(GroupValues, BetOnAMeanOverInputs) {
  // Large groups lose 0.3, small ones gain 0.5: of the inputs 3 / 4 lose, the mean is -0.1.
  const std::vector<double> values{-0.3, -0.3, -0.3, 0.5};
  const std::vector<std::int64_t> names{4, 4, 4, 1};
  const auto found = group_values(values, InputGroups(4, names), -0.1);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_NEAR(found[0] + found[1], 2 * -0.1, 1e-12);
  EXPECT_DOUBLE_EQ(found[0], -0.3);
}

TEST(GroupValues, AreSeldomConvincingWhereTheHypothesisHolds) {
  // Groups of 1 to 4 agree within; large ones lose: the mean over inputs is -0.02, though that over
  // groups is above. One in twenty may be taken for better.
  int rejected = 0, naive = 0;
  const double level = 0.05;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    Random random(seed);
    std::vector<double> values;
    std::vector<std::int64_t> names;
    for (std::int64_t group = 0; group < 300; ++group) {
      const bool large = random.below(2) == 1;
      // E[sum] = (0.06 - 4 * 0.04) / 2 = -0.05 of E[size] = 2.5.
      const double chance = large ? -0.04 : 0.06;
      const double value = random.uniform() < std::abs(chance) ? (chance < 0 ? -1 : 1) : 0;
      for (int i = 0; i < (large ? 4 : 1); ++i) {
        values.push_back(value);
        names.push_back(group);
      }
    }
    const InputGroups groups(values.size(), names);
    rejected += drop_p_value(group_values(values, groups, -0.02), 0.02) <= level ? 1 : 0;
    naive += drop_p_value(values, 0.02) <= level ? 1 : 0;
  }
  EXPECT_LE(rejected, 1000 * level + 3 * std::sqrt(1000 * level * (1 - level)));
  EXPECT_GT(naive, rejected);
}

class Certify : public ::testing::Test {
 protected:
  void SetUp() override {
    policy_ = make_policy("cascade");
    policy_->fit(random_table(21, {.inputs = 2000}));
  }
  std::unique_ptr<Policy> policy_;
};

TEST_F(Certify, FindsACheaperPointThatKeepsThePromise) {
  const OutcomeTable calibration = random_table(22, {.inputs = 6000, .split = "calibration"});
  const Guarantee found = certify(*policy_, calibration, {.drop = 0.03});
  ASSERT_TRUE(found.point.has_value());
  EXPECT_LT(found.point->cost, found.reference_cost);
  const OutcomeTable test = random_table(23, {.inputs = 20000, .split = "test"});
  const double alone = test.accuracies()[policy_->best_single()];
  EXPECT_GT(policy_->measure(test, found.point->parameters).accuracy, alone - 0.03);
  // A harder promise costs more.
  const Guarantee harder = certify(*policy_, calibration, {.drop = 0.01});
  if (harder.point) {
    EXPECT_GE(harder.point->cost, found.point->cost);
  }
}

TEST_F(Certify, SaysHowManyLabelsAreMissing) {
  const OutcomeTable few = random_table(22, {.inputs = 60, .split = "calibration"});
  const Guarantee found = certify(*policy_, few, {.drop = 0.02});
  EXPECT_FALSE(found.point.has_value());
  EXPECT_GT(found.inputs_needed, 60);
}

TEST_F(Certify, CountsAGroupAsOneInput) {
  // Five copies of each input certify no more than one does.
  const OutcomeTable once = random_table(22, {.inputs = 1500, .split = "calibration"});
  std::vector<std::int64_t> rows, names;
  for (int copy = 0; copy < 5; ++copy) {
    for (std::int64_t row = 0; row < 1500; ++row) {
      rows.push_back(row);
      names.push_back(row);
    }
  }
  OutcomeFields fields = once.subset(rows).fields();
  fields.indices = Tensor();
  fields.groups = Tensor::from(names, {7500});
  const OutcomeTable copied(std::move(fields));
  for (const double drop : {0.01, 0.03, 0.06}) {
    const Guarantee alone = certify(*policy_, once, {.drop = drop});
    const Guarantee grouped = certify(*policy_, copied, {.drop = drop});
    EXPECT_EQ(grouped.inputs, 7500);
    EXPECT_EQ(grouped.groups, 1500);
    ASSERT_EQ(grouped.point.has_value(), alone.point.has_value()) << drop;
    if (alone.point) {
      EXPECT_EQ(grouped.point->parameters, alone.point->parameters);
    }
    EXPECT_NEAR(static_cast<double>(grouped.inputs_needed),
                5.0 * static_cast<double>(alone.inputs_needed), 6);
  }
}

TEST_F(Certify, RefusesSeenInputsAndOptionsOutOfRange) {
  const OutcomeTable seen = random_table(21, {.inputs = 2000});
  expect_text(error_of([&] { certify(*policy_, seen); }), {"shares"});
  const OutcomeTable other = random_table(22, {.inputs = 60, .split = "calibration"});
  expect_text(error_of([&] { certify(*policy_, other, {.delta = 1}); }), {"a delta in (0, 1)"});
  expect_text(error_of([&] { certify(*policy_, other, {.drop = 0}); }), {"a drop in (0, 1)"});
}

}  // namespace
}  // namespace muxnet
