#include "muxnet/evaluation/curve.hpp"

#include "muxnet/policies/registry.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::random_table;

class CurveTest : public ::testing::Test {
 protected:
  std::unique_ptr<Policy> fitted(const char* name, const PolicyOptions& options = {}) const {
    auto policy = make_policy(name, options);
    policy->fit(held_out_);
    return policy;
  }

  /// The held-out and test tables with scores that say nothing.
  static OutcomeTable with_noise_scores(const OutcomeTable& table, std::uint64_t seed) {
    OutcomeFields fields = table.fields();
    Random random(seed);
    fields.scores = Tensor({table.size(), table.model_count()});
    for (float& score : fields.scores.span<float>()) score = static_cast<float>(random.normal());
    return OutcomeTable(fields);
  }

  OutcomeTable held_out_ = random_table(31, {.inputs = 3000});
  OutcomeTable test_ = random_table(32, {.inputs = 3000, .split = "test"});
};

TEST_F(CurveTest, points_are_the_familys_as_attained_on_the_table) {
  const auto policy = fitted("hybrid_single");
  const auto curve = accuracy_cost_curve(*policy, test_, {.max_points = 10});
  EXPECT_EQ(curve.policy, "hybrid_single");
  ASSERT_LE(curve.points.size(), 10U);
  ASSERT_GE(curve.points.size(), 5U);
  for (std::size_t i = 0; i < curve.points.size(); ++i) {
    const auto measured = policy->measure(test_, curve.points[i].parameters);
    EXPECT_NEAR(curve.points[i].cost, measured.cost, 1e-9);
    EXPECT_NEAR(curve.points[i].accuracy, measured.accuracy, 1e-12);
    if (i > 0) {
      EXPECT_GE(curve.points[i].cost, curve.points[i - 1].cost);
    }
  }
  // The cheapest model never comes without the router's own cost.
  EXPECT_GE(curve.points.front().cost, 1.25);
}

TEST_F(CurveTest, random_mixing_is_exact) {
  const auto curve = accuracy_cost_curve(*fitted("random_mixing"), test_);
  const auto accuracies = test_.accuracies();
  for (const auto& point : curve.points) {
    const auto model = static_cast<std::size_t>(point.parameters.at("first"));
    EXPECT_DOUBLE_EQ(point.accuracy, accuracies[model]);
    EXPECT_DOUBLE_EQ(point.cost, test_.costs("macs")[model]);
  }
}

TEST_F(CurveTest, a_router_that_sees_lies_above_random_mixing) {
  const auto mixing = fitted("random_mixing");
  const auto area =
      area_between(*fitted("hybrid_single"), *mixing, test_, {.bootstrap = {.resamples = 300}});
  EXPECT_GT(area.interval.low, 0);
  EXPECT_LE(area.interval.low, area.value);
  EXPECT_GE(area.interval.high, area.value);
  const auto reverse =
      area_between(*mixing, *fitted("hybrid_single"), test_, {.bootstrap = {.resamples = 300}});
  EXPECT_NEAR(reverse.value, -area.value, 1e-12);
  EXPECT_NEAR(reverse.interval.low, -area.interval.high, 1e-12);
}

TEST_F(CurveTest, a_router_that_sees_nothing_lies_below_it) {
  held_out_ = with_noise_scores(held_out_, 1);
  test_ = with_noise_scores(test_, 2);
  const auto area = area_between(*fitted("hybrid_single"), *fitted("random_mixing"), test_,
                                 {.bootstrap = {.resamples = 300}});
  EXPECT_LT(area.value, 0.0);
}

TEST_F(CurveTest, the_area_of_a_known_pair) {
  // Random mixing against itself is nothing; a single point is compared where it lies.
  const auto mixing = fitted("random_mixing");
  const auto none = area_between(*mixing, *mixing, test_, {.bootstrap = {.resamples = 50}});
  EXPECT_EQ(none.value, 0);
  EXPECT_EQ(none.interval.low, 0);
  const auto best = fitted("best_single");
  const auto at_best = area_between(*best, *mixing, test_, {.bootstrap = {.resamples = 50}});
  EXPECT_NEAR(at_best.value, 0, 1e-12);
  const auto cheap = fitted("always");
  const auto ensemble = fitted("average_ensemble");
  const auto beyond = area_between(*ensemble, *cheap, test_, {.bootstrap = {.resamples = 50}});
  EXPECT_NEAR(beyond.value, ensemble->measure(test_, {}).accuracy - test_.accuracies()[0], 1e-12);
}

TEST_F(CurveTest, beyond_its_last_point_a_curve_goes_on_level) {
  const auto cheap = fitted("always"), best = fitted("best_single");
  const auto accuracies = test_.accuracies();
  const double dearest = test_.costs("macs").back();
  // A single point each: level from the dearer one on.
  const auto area =
      area_between(*best, *cheap, test_, {.bootstrap = {.resamples = 50}, .up_to = 2 * dearest});
  EXPECT_NEAR(area.value, best->measure(test_, best->point().parameters).accuracy - accuracies[0],
              1e-12);
  const auto mixing = fitted("random_mixing");
  const auto none =
      area_between(*mixing, *mixing, test_, {.bootstrap = {.resamples = 50}, .up_to = dearest});
  EXPECT_EQ(none.value, 0);
}

TEST_F(CurveTest, pairs_of_several_seeds_are_averaged) {
  const auto mixing = fitted("random_mixing"), argmax = fitted("hybrid_single"),
             cascade = fitted("cascade");
  const CurveOptions options{.bootstrap = {.resamples = 200}};
  const auto one = area_between(*argmax, *mixing, test_, options);
  const auto other = area_between(*cascade, *mixing, test_, options);
  const auto same = area_between({argmax.get(), argmax.get()}, {mixing.get(), mixing.get()},
                                 {&test_, &test_}, options);
  EXPECT_DOUBLE_EQ(same.value, one.value);
  EXPECT_DOUBLE_EQ(same.interval.low, one.interval.low);
  const auto both = area_between({argmax.get(), cascade.get()}, {mixing.get(), mixing.get()},
                                 {&test_, &test_}, options);
  EXPECT_DOUBLE_EQ(both.value, (one.value + other.value) / 2);
  EXPECT_GT(both.interval.high - both.interval.low, std::abs(one.value - other.value));
  expect_text(error_of([&] { area_between({argmax.get()}, {}, {&test_}, options); }),
              {"1 policies", "received 0"});
  const OutcomeTable others = random_table(99, {.split = "test"});
  const std::vector<const Policy*> twice{argmax.get(), argmax.get()};
  expect_text(error_of([&] {
                area_between(twice, twice, {&test_, &others}, options);
              }),
              {"tables of the same inputs"});
}

TEST_F(CurveTest, refuses_seen_inputs_and_other_costs) {
  const auto policy = fitted("hybrid_single");
  const auto mixing = fitted("random_mixing");
  expect_text(error_of([&] { accuracy_cost_curve(*policy, held_out_); }),
              {"hybrid_single", "shares"});
  expect_text(error_of([&] { area_between(*policy, *mixing, held_out_); }), {"shares"});
  EXPECT_NO_THROW(accuracy_cost_curve(*policy, held_out_, {.allow_seen = true}));
  const auto latency = fitted("random_mixing", {.cost_kind = "latency_ms"});
  expect_text(error_of([&] { area_between(*policy, *latency, test_); }), {"macs", "latency_ms"});
  expect_text(error_of([&] { accuracy_cost_curve(*policy, test_, {.max_points = 1}); }),
              {"max_points of at least 2"});
}

}  // namespace
}  // namespace muxnet
