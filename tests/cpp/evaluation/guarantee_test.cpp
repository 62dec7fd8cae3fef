#include "muxnet/evaluation/guarantee.hpp"

#include <cmath>

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

TEST_F(Certify, RefusesSeenInputsAndOptionsOutOfRange) {
  const OutcomeTable seen = random_table(21, {.inputs = 2000});
  expect_text(error_of([&] { certify(*policy_, seen); }), {"shares"});
  const OutcomeTable other = random_table(22, {.inputs = 60, .split = "calibration"});
  expect_text(error_of([&] { certify(*policy_, other, {.delta = 1}); }), {"a delta in (0, 1)"});
  expect_text(error_of([&] { certify(*policy_, other, {.drop = 0}); }), {"a drop in (0, 1)"});
}

}  // namespace
}  // namespace muxnet
