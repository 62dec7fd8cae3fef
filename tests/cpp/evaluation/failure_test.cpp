#include "muxnet/evaluation/failure.hpp"

#include <limits>

#include "muxnet/evaluation/curve.hpp"
#include "muxnet/evaluation/hardness.hpp"
#include "muxnet/policies/registry.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::random_table;
using testing::two_class_fields;

TEST(Auroc, counts_pairs_in_order_and_ties_half) {
  const std::vector<float> scores{0.1F, 0.4F, 0.4F, 0.8F};
  const auto of = [&](std::vector<std::uint8_t> positive) { return auroc(scores, positive); };
  EXPECT_DOUBLE_EQ(*of({0, 0, 1, 1}), 3.5 / 4);
  EXPECT_DOUBLE_EQ(*of({1, 1, 0, 0}), 0.5 / 4);
  EXPECT_DOUBLE_EQ(*of({1, 0, 0, 1}), 0.5);
  EXPECT_FALSE(of({1, 1, 1, 1}).has_value());
  EXPECT_FALSE(of({0, 0, 0, 0}).has_value());
  expect_text(error_of([&] { of({1, 0}); }), {"auroc", "2 scores", "received 4"});
}

TEST(RocCurve, goes_through_its_corners) {
  const std::vector<float> scores{0.1F, 0.4F, 0.4F, 0.8F, 0.9F, 0.95F};
  const std::vector<std::uint8_t> positive{0, 0, 1, 0, 1, 1};
  std::vector<std::pair<double, double>> corners;
  for (const auto& point : roc_curve(scores, positive)) {
    corners.emplace_back(point.false_positive_rate * 3, point.true_positive_rate * 3);
  }
  const std::vector<std::pair<double, double>> expected{{0, 0}, {0, 1}, {0, 2},
                                                        {1, 2}, {2, 3}, {3, 3}};
  EXPECT_EQ(corners, expected);
  expect_text(error_of([&] { roc_curve(scores, std::vector<std::uint8_t>(6, 1)); }),
              {"positives and negatives"});
}

TEST(RocCurve, leaves_out_what_lies_between_equal_steps) {
  const std::vector<float> scores{0.9F, 0.8F, 0.7F, 0.6F, 0.5F};
  EXPECT_EQ(roc_curve(scores, std::vector<std::uint8_t>{1, 1, 1, 0, 0}).size(), 4U);
}

TEST(FailurePrediction, is_of_each_models_confidence_and_the_multiplexers_score) {
  // The first model is right where it is sure, the second always, the score knows the opposite.
  auto fields = two_class_fields({{0.9F, 0.9F}, {0.6F, 0.9F}, {0.95F, 0.6F}, {0.55F, 0.7F}},
                                 {1, 0, 1, 0}, {1, 5});
  const auto found = failure_prediction(OutcomeTable(fields));
  EXPECT_DOUBLE_EQ(*found[0].confidence, 1);
  EXPECT_FALSE(found[0].multiplexer.has_value());
  fields.scores = Tensor::from<float>({0, 1, 2, 1, 0, 1, 2, 1}, {4, 2});
  fields.multiplexer_costs["macs"] = 1;
  const auto scored = failure_prediction(OutcomeTable(fields));
  EXPECT_DOUBLE_EQ(*scored[0].multiplexer, 0);
  EXPECT_DOUBLE_EQ(*scored[1].multiplexer, 0.5);
}

TEST(FailurePrediction, is_of_the_inputs_with_a_confidence) {
  auto fields = two_class_fields({{0.9F}, {0.6F}, {0.95F}, {0.55F}}, {1, 0, 1, 0}, {1});
  fields.predictions = Tensor::from<std::int32_t>({1, 1, 1, 1}, {4, 1});
  fields.probabilities = Tensor();
  const float none = std::numeric_limits<float>::quiet_NaN();
  fields.answer_scores = Tensor::from<float>({7, -3, none, none}, {4, 1, 1});
  fields.score_kinds = {"score"};
  EXPECT_DOUBLE_EQ(*failure_prediction(OutcomeTable(fields))[0].confidence, 1);
  fields.answer_scores = Tensor();
  fields.score_kinds = {};
  EXPECT_FALSE(failure_prediction(OutcomeTable(fields))[0].confidence.has_value());
}

TEST(ClassStatistics, hold_each_class_apart) {
  auto fields = two_class_fields({{0.9F}, {0.9F}, {0.2F}}, {1, 0, 0}, {1});
  const OutcomeTable table(fields);
  const auto policy = make_policy("always");
  policy->fit(table);
  const auto classes = by_class(table, policy->decide(table));
  ASSERT_EQ(classes.size(), 2U);
  EXPECT_EQ(classes[0].inputs, 2);
  EXPECT_DOUBLE_EQ(classes[0].accuracy, 0.5);
  EXPECT_DOUBLE_EQ(classes[1].accuracy, 1);
}

TEST(Evaluation, regret_is_what_the_oracle_is_ahead) {
  const OutcomeTable held_out = random_table(1, {.models = 3});
  const OutcomeTable test = random_table(2, {.models = 3, .split = "test"});
  const auto policy = make_policy("cascade");
  const auto oracle = make_policy("oracle");
  policy->fit(held_out);
  oracle->fit(held_out);
  const auto found = evaluate(*policy, test);
  const auto bound = evaluate(*oracle, test);
  EXPECT_NEAR(found.regret.value, bound.accuracy.value - found.accuracy.value, 1e-12);
  EXPECT_LT(found.regret.interval.low, found.regret.value);
  EXPECT_DOUBLE_EQ(bound.regret.value, 0);
}

TEST(RecoveryCosts, are_the_least_that_reach_each_share_of_the_gap) {
  const std::vector<CurvePoint> points{{{}, 1, 0.80}, {{}, 2, 0.86}, {{}, 3, 0.85}, {{}, 5, 0.90}};
  const auto costs = recovery_costs(points, 0.80, 0.90, {0, 0.5, 0.6, 1, 1.2});
  ASSERT_EQ(costs.size(), 5U);
  EXPECT_EQ(costs[0], 1);
  EXPECT_EQ(costs[1], 2);
  EXPECT_EQ(costs[3], 5);
  EXPECT_FALSE(costs[4].has_value());
}

}  // namespace
}  // namespace muxnet
