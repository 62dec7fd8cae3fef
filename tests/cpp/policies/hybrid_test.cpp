#include <cmath>

#include "muxnet/policies/registry.hpp"
#include "muxnet/routing/policy.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::random_table;
using testing::two_class_fields;
using Masks = std::vector<std::uint64_t>;

/// Three models of 1, 2 and 4 MACs; the weights of the paper's Algorithm 2.
OutcomeFields weighted() {
  auto fields = two_class_fields({{0.9F, 0.4F, 0.3F}, {0.1F, 0.8F, 0.9F}, {0.2F, 0.3F, 0.9F}},
                                 {1, 1, 1}, {1, 2, 4});
  fields.weights =
      Tensor::from<float>({0.6F, 0.3F, 0.1F, 0.2F, 0.5F, 0.3F, 0.3F, 0.3F, 0.4F}, {3, 3});
  fields.multiplexer_costs["macs"] = 0.5;
  return fields;
}

Decisions decide(const char* name, const OutcomeTable& table, const PolicyParameters& parameters) {
  const auto policy = make_policy(name);
  policy->fit(table);
  return policy->decide(table, {parameters, 0, 0});
}

TEST(Argmax, of_the_weights_is_the_papers_rule) {
  const OutcomeTable table(weighted());
  const auto decisions = decide("hybrid_single", table, {{"lambda", 0}});
  EXPECT_EQ(decisions.called, (Masks{1, 2, 4}));
  EXPECT_EQ(decisions.answers, (std::vector<std::int32_t>{1, 1, 1}));
  EXPECT_EQ(decisions.costs(table, "macs"), (std::vector<double>{1.5, 2.5, 4.5}));
  EXPECT_TRUE(decisions.uses_multiplexer);
}

TEST(Argmax, lambda_raises_the_cost_term_of_eq_5) {
  // Row 2: log 0.4 - lambda against log 0.3 - lambda / 4 meet at lambda = log(4/3) / 0.75 = 0.3836.
  const OutcomeTable table(weighted());
  EXPECT_EQ(decide("hybrid_single", table, {{"lambda", 0.38}}).called[2], 4U);
  EXPECT_EQ(decide("hybrid_single", table, {{"lambda", 0.39}}).called[2], 1U);
  // Row 1: log 0.5 - lambda / 2 against log 0.2 - lambda / 4 meet at log(2.5) / 0.25 = 3.665.
  EXPECT_EQ(decide("hybrid_single", table, {{"lambda", 3.6}}).called[1], 2U);
  EXPECT_EQ(decide("hybrid_single", table, {{"lambda", 3.7}}).called[1], 1U);
}

TEST(Argmax, of_scores_compares_probabilities_of_being_right) {
  auto fields = weighted();
  fields.scores = Tensor::from<float>({0, 0, 2, 0, 0, 2, -1, 0, 1}, {3, 3});
  const OutcomeTable table(fields);
  // sigmoid(2) - sigmoid(0) = 0.3808 over 0.75 of the cost: flips at lambda = 0.5077.
  EXPECT_EQ(decide("hybrid_single", table, {{"lambda", 0.50}}).called, (Masks{4, 4, 2}));
  EXPECT_EQ(decide("hybrid_single", table, {{"lambda", 0.51}}).called, (Masks{1, 1, 2}));
  EXPECT_EQ(decide("hybrid_single", table, {{"lambda", 0.0}}).called, (Masks{4, 4, 4}));
}

TEST(Argmax, sweeps_from_the_routers_own_choice_to_the_cheapest_model) {
  const OutcomeTable table = random_table(4, {.inputs = 3000});
  const auto policy = make_policy("hybrid_single");
  policy->fit(table);
  const auto& points = policy->operating_points();
  EXPECT_GT(points.size(), 10U);
  EXPECT_DOUBLE_EQ(points.front().cost, 1.25);  // the cheapest model and the router
  EXPECT_GT(points.back().accuracy, points.front().accuracy);
}

TEST(Argmax, has_points_beyond_its_own_choice_up_to_the_best_model) {
  // The dearest model is always right, the scores know nothing of that.
  auto fields = weighted();
  const std::int64_t rows = 300;
  std::vector<float> scores, probabilities;
  for (std::int64_t i = 0; i < rows; ++i) {
    const float noise = static_cast<float>(i % 3);
    scores.insert(scores.end(), {noise, 1.0F, 0.5F});
    for (const bool right : {i % 3 == 2, i % 2 == 0, true}) {
      probabilities.insert(probabilities.end(), {right ? 0.1F : 0.9F, right ? 0.9F : 0.1F});
    }
  }
  fields.weights = {};
  fields.scores = Tensor::from(scores, {rows, 3});
  fields.probabilities = Tensor::from(probabilities, {rows, 3, 2});
  fields.labels = Tensor::from(std::vector<std::int32_t>(rows, 1), {rows});
  const auto policy = make_policy("hybrid_single");
  policy->fit(OutcomeTable(fields));
  const OperatingPoint& last = policy->operating_points().back();
  EXPECT_DOUBLE_EQ(last.accuracy, 1);
  EXPECT_LT(last.parameters.at("lambda"), 0);
  // Where the first is right it may stay: sigmoid(2) - sigmoid(0.5) is the last lead to go.
  EXPECT_LE(last.cost, 4.5);
}

TEST(Argmax, has_points_all_along_the_cost_axis) {
  // Scores that favour the dearest model by little and leave the cheap ones far apart: most flips
  // of pairs are among cheap models, most cost lies in leaving the dearest.
  auto fields = weighted();
  const std::int64_t rows = 400;
  std::vector<float> scores, probabilities;
  for (std::int64_t i = 0; i < rows; ++i) {
    const float hard = static_cast<float>(i) / static_cast<float>(rows);
    scores.insert(scores.end(), {-3 * hard, 0.01F * hard, 0.02F + 0.1F * hard});
    for (const float bar : {0.3F, 0.6F, 1.1F}) {
      const float right = hard < bar ? 0.9F : 0.1F;
      probabilities.insert(probabilities.end(), {1 - right, right});
    }
  }
  fields.costs["macs"] = {1, 2, 100};
  fields.weights = {};
  fields.scores = Tensor::from(scores, {rows, 3});
  fields.probabilities = Tensor::from(probabilities, {rows, 3, 2});
  fields.labels = Tensor::from(std::vector<std::int32_t>(rows, 1), {rows});
  const auto policy = make_policy("hybrid_single", {.bins = 100});
  policy->fit(OutcomeTable(fields));
  const auto& points = policy->operating_points();
  ASSERT_GT(points.size(), 30U);
  for (std::size_t i = 1; i < points.size() && points[i - 1].cost < 30; ++i) {
    EXPECT_LT(points[i].cost - points[i - 1].cost, 2.0) << "after " << points[i - 1].cost;
  }
}

TEST(ThresholdEnsemble, calls_all_above_the_threshold_or_the_argmax) {
  const OutcomeTable table(weighted());
  const PolicyParameters parameters{{"lambda", 0}, {"threshold", 0.35}};
  const auto decisions = decide("hybrid_ensemble", table, parameters);
  EXPECT_EQ(decisions.called, (Masks{1, 2, 4}));
  const auto more = decide("hybrid_ensemble", table, {{"lambda", 0}, {"threshold", 0.25}});
  EXPECT_EQ(more.called, (Masks{3, 6, 7}));
  // Means of class 1: (0.9 + 0.4) / 2, (0.8 + 0.9) / 2, (0.2 + 0.3 + 0.9) / 3.
  EXPECT_EQ(more.answers, (std::vector<std::int32_t>{1, 1, 0}));
  EXPECT_EQ(more.costs(table, "macs"), (std::vector<double>{3.5, 6.5, 7.5}));
  const auto none = decide("hybrid_ensemble", table, {{"lambda", 0}, {"threshold", 1}});
  EXPECT_EQ(none.called, (Masks{1, 2, 4}));
}

TEST(ThresholdEnsemble, turns_scores_into_weights_by_eq_5_and_6) {
  auto fields = weighted();
  fields.scores = Tensor::from<float>({1, 1, 1, 0, 1, 2, 2, 0, 0}, {3, 3});
  const OutcomeTable table(fields);
  // Row 0 at lambda 2: scores 0.5, 0, -1: weights 0.546, 0.331, 0.122.
  const auto decisions = decide("hybrid_ensemble", table, {{"lambda", 2}, {"threshold", 0.33}});
  EXPECT_EQ(decisions.called[0], 3U);
  const auto higher = decide("hybrid_ensemble", table, {{"lambda", 2}, {"threshold", 0.34}});
  EXPECT_EQ(higher.called[0], 1U);
}

TEST(HybridPolicies, want_the_multiplexers_output) {
  const OutcomeTable blind = random_table(1, {.with_router = false});
  for (const char* name : {"hybrid_single", "hybrid_ensemble"}) {
    const auto policy = make_policy(name);
    expect_text(error_of([&] { policy->fit(blind); }), {name, "weights or scores"});
    policy->fit(random_table(1));
    expect_text(error_of([&] { policy->decide(blind); }), {"weights or scores", "neither"});
  }
}

TEST(HybridPolicies, survive_weights_of_zero) {
  auto fields = weighted();
  fields.weights = Tensor::from<float>({1, 0, 0, 0, 1, 0, 0, 0, 1}, {3, 3});
  const OutcomeTable table(fields);
  EXPECT_EQ(decide("hybrid_single", table, {{"lambda", 0}}).called, (Masks{1, 2, 4}));
  EXPECT_EQ(decide("hybrid_ensemble", table, {{"lambda", 0}, {"threshold", 0.1}}).called,
            (Masks{1, 2, 4}));
}

}  // namespace
}  // namespace muxnet
