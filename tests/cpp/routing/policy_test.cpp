#include "muxnet/routing/policy.hpp"

#include "muxnet/policies/registry.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::random_table;
using testing::two_class_fields;
using Masks = std::vector<std::uint64_t>;
using Answers = std::vector<std::int32_t>;

/// Three models of 1, 10 and 4 MACs. Right: m0 on rows 0, 3; m1 on rows 0, 1, 2; m2 on row 0.
OutcomeFields three_fields() {
  return two_class_fields({{0.9F, 0.8F, 0.7F},
                           {0.4F, 0.8F, 0.3F},
                           {0.1F, 0.9F, 0.4F},
                           {0.2F, 0.6F, 0.7F},
                           {0.3F, 0.3F, 0.3F}},
                          {1, 1, 1, 0, 1}, {1, 10, 4});
}

OutcomeTable three() { return OutcomeTable(three_fields()); }

std::unique_ptr<Policy> fitted(const char* name, const OutcomeTable& table,
                               const PolicyOptions& options = {}) {
  auto policy = make_policy(name, options);
  policy->fit(table);
  return policy;
}

TEST(SinglePolicies, always_calls_the_one_it_is_told) {
  PolicyOptions options;
  options.model = 2;
  const auto policy = fitted("always", three(), options);
  const auto decisions = policy->decide(three());
  EXPECT_EQ(decisions.called, (Masks{4, 4, 4, 4, 4}));
  EXPECT_EQ(decisions.answers, (Answers{1, 0, 0, 1, 0}));
  EXPECT_DOUBLE_EQ(policy->point().cost, 4);
  EXPECT_DOUBLE_EQ(policy->point().accuracy, 0.2);
  options.model = 3;
  expect_text(error_of([&] { fitted("always", three(), options); }), {"always", "[0, 3)"});
}

TEST(SinglePolicies, best_single_takes_the_most_accurate_and_of_equals_the_cheapest) {
  EXPECT_EQ(fitted("best_single", three())->decide(three()).called, (Masks{2, 2, 2, 2, 2}));
  const OutcomeTable equal(two_class_fields({{0.9F, 0.9F}}, {1}, {5, 2}));
  EXPECT_EQ(best_single_model(equal, "macs"), 1U);
}

TEST(SinglePolicies, average_ensemble_answers_from_the_mean) {
  const auto policy = fitted("average_ensemble", three());
  const auto decisions = policy->decide(three());
  EXPECT_EQ(decisions.called, (Masks{7, 7, 7, 7, 7}));
  // Means of class 1: 0.8, 0.5 (a tie, to the first class), 0.467, 0.5, 0.3.
  EXPECT_EQ(decisions.answers[0], 1);
  EXPECT_EQ(decisions.answers[2], 0);
  EXPECT_EQ(decisions.answers[4], 0);
  EXPECT_DOUBLE_EQ(policy->point().cost, 15);
}

TEST(Oracle, takes_the_cheapest_right_model_and_the_cheapest_when_none_is) {
  const auto policy = fitted("oracle", three());
  const auto decisions = policy->decide(three());
  EXPECT_EQ(decisions.called, (Masks{1, 2, 2, 1, 1}));
  EXPECT_EQ(decisions.answers, (Answers{1, 1, 1, 0, 0}));
  EXPECT_DOUBLE_EQ(policy->point().cost, 23.0 / 5);
  EXPECT_DOUBLE_EQ(policy->point().accuracy, 0.8);
  expect_text(error_of([&] { policy->rule()->next(Evidence{}); }), {"oracle", "labels"});
}

TEST(RandomMixing, points_are_the_hull_and_leave_out_dominated_models) {
  const auto policy = fitted("random_mixing", three());
  const auto& points = policy->operating_points();
  ASSERT_EQ(points.size(), 2U);  // m2 is dearer and worse than m0
  EXPECT_EQ(points[0].parameters.at("first"), 0);
  EXPECT_EQ(points[1].parameters.at("first"), 1);
  EXPECT_EQ(policy->decide(three(), points[1]).called, (Masks{2, 2, 2, 2, 2}));
}

TEST(RandomMixing, a_budget_mixes_the_neighbours_in_proportion) {
  const OutcomeTable table = random_table(1, {.inputs = 20000, .models = 3});
  const auto policy = fitted("random_mixing", table);
  const auto& points = policy->operating_points();
  ASSERT_GE(points.size(), 2U);
  const double budget = 0.25 * points[0].cost + 0.75 * points[1].cost;
  policy->choose_for_budget(budget);
  EXPECT_DOUBLE_EQ(policy->point().parameters.at("share"), 0.75);
  EXPECT_NEAR(policy->point().accuracy, 0.25 * points[0].accuracy + 0.75 * points[1].accuracy,
              1e-12);
  const auto drawn = policy->measure(table, policy->point().parameters);
  EXPECT_NEAR(drawn.cost, budget, 0.02 * budget);
  EXPECT_NEAR(drawn.accuracy, policy->point().accuracy, 0.01);
  EXPECT_EQ(policy->decide(table).called, policy->decide(table).called);
  PolicyOptions other;
  other.seed = 1;
  const auto second = fitted("random_mixing", table, other);
  second->choose_for_budget(budget);
  EXPECT_NE(second->decide(table).called, policy->decide(table).called);
}

TEST(Offload, compares_one_output_with_a_half) {
  // The cloud is the dearer model, wherever it stands.
  auto fields = two_class_fields({{0.9F, 0.2F}, {0.9F, 0.2F}, {0.9F, 0.2F}}, {1, 0, 0}, {10, 1});
  fields.offload_score = Tensor::from<float>({0.6F, 0.4F, 0.5F}, {3});
  fields.multiplexer_costs["macs"] = 0.5;
  const OutcomeTable table(fields);
  const auto policy = fitted("offload", table);
  const auto decisions = policy->decide(table);
  EXPECT_EQ(decisions.called, (Masks{1, 2, 1}));
  EXPECT_EQ(decisions.answers, (Answers{1, 0, 1}));
  EXPECT_EQ(decisions.costs(table, "macs"), (std::vector<double>{10.5, 1.5, 10.5}));
  EXPECT_DOUBLE_EQ(policy->point().parameters.at("threshold"), 0.5);
  EXPECT_DOUBLE_EQ(policy->point().cost, 7.5);
  EXPECT_DOUBLE_EQ(policy->point().accuracy, 2.0 / 3);
}

TEST(Offload, wants_two_models_and_their_output) {
  expect_text(error_of([] { fitted("offload", random_table(1)); }), {"two models", "received 4"});
  expect_text(
      error_of([] { fitted("offload", random_table(1, {.models = 2, .with_router = false})); }),
      {"offload_score", "without"});
  const auto policy = fitted("offload", random_table(1, {.models = 2}));
  expect_text(error_of([&] { policy->rule()->next(Evidence{}); }), {"offload score", "none"});
}

TEST(Policy, fit_refuses_the_test_split) {
  const OutcomeTable test = random_table(1, {.models = 2, .split = "test"});
  for (const auto& name : policies().names()) {
    const auto policy = make_policy(name);
    expect_text(error_of([&] { policy->fit(test); }), {name + ".fit", "test split"});
    EXPECT_FALSE(policy->fitted());
  }
}

TEST(Policy, fit_wants_labels_and_known_costs) {
  OutcomeFields fields = random_table(1).fields();
  fields.labels = Tensor();
  expect_text(error_of([&] { fitted("cascade", OutcomeTable(fields)); }),
              {"cascade.fit", "without labels"});
  PolicyOptions options;
  options.cost_kind = "money";
  expect_text(error_of([&] { fitted("cascade", random_table(1), options); }), {"money"});
}

TEST(Policy, refuses_use_before_fit_and_other_models) {
  const auto policy = make_policy("best_single");
  const auto unfitted = std::vector<std::string>{"best_single", "call fit first"};
  expect_text(error_of([&] { policy->decide(three()); }), unfitted);
  expect_text(error_of([&] { policy->operating_points(); }), unfitted);
  expect_text(error_of([&] { policy->choose_for_budget(1); }), unfitted);
  expect_text(error_of([&] { policy->fitted_on(); }), unfitted);
  policy->fit(three());
  expect_text(error_of([&] { policy->decide(random_table(1)); }), {"m0, m1, m2", "model0"});
}

TEST(Policy, a_failed_fit_leaves_it_unfitted) {
  const auto policy = fitted("hybrid_single", random_table(1));
  EXPECT_THROW(policy->fit(random_table(1, {.with_router = false})), std::invalid_argument);
  EXPECT_FALSE(policy->fitted());
}

TEST(Policy, chooses_within_a_budget) {
  const auto policy = fitted("cascade", random_table(1));
  const auto& points = policy->operating_points();
  ASSERT_GT(points.size(), 3U);
  policy->choose_for_budget(0.5 * (points[1].cost + points[2].cost));
  EXPECT_EQ(policy->point().parameters, points[1].parameters);
  expect_text(error_of([&] { policy->choose_for_budget(0.5 * points[0].cost); }),
              {"cascade.choose_for_budget", "macs"});
}

TEST(Policy, tells_what_a_budget_buys) {
  const auto policy = fitted("cascade", random_table(1));
  const auto& points = policy->operating_points();
  const auto chosen = policy->point().parameters;
  EXPECT_EQ(policy->within(points[2].cost)->parameters, points[2].parameters);
  EXPECT_EQ(policy->within(points[0].cost * (1 - 1e-12))->parameters, points[0].parameters);
  EXPECT_EQ(policy->within(1e9)->parameters, points.back().parameters);
  EXPECT_FALSE(policy->within(0.5 * points[0].cost).has_value());
  EXPECT_EQ(policy->point().parameters, chosen);
}

TEST(Policy, tells_the_cheapest_point_as_good) {
  const auto policy = fitted("cascade", random_table(1));
  const auto& points = policy->operating_points();
  EXPECT_EQ(policy->cheapest_as_good(points[3].accuracy), 3U);
  EXPECT_EQ(policy->cheapest_as_good(0.5 * (points[2].accuracy + points[3].accuracy)), 3U);
  EXPECT_EQ(policy->cheapest_as_good(0), 0U);
  EXPECT_FALSE(policy->cheapest_as_good(points.back().accuracy + 1e-6).has_value());
}

TEST(Policy, tells_the_part_to_fit_it_on) {
  for (const auto& name : policies().names()) {
    const auto policy = make_policy(name);
    const auto* expected = name == "offload"            ? "offload-calibration"
                           : policy->uses_multiplexer() ? "calibration"
                                                        : "held_out";
    EXPECT_EQ(policy->fitting_part(), expected) << name;
  }
  EXPECT_EQ(make_policy("hybrid_single")->fitting_part(), "calibration");
}

TEST(Policy, refuses_parameters_of_another) {
  const auto policy = fitted("cascade", random_table(1));
  expect_text(error_of([&] {
                policy->choose({{{"lambda", 1.0}}, 0, 0});
              }),
              {"cascade", "'models'"});
  expect_text(error_of([&] {
                policy->choose(
                    {{{"models", 2}, {"model_0", 1}, {"model_1", 1}, {"threshold_0", 0.5}}, 0, 0});
              }),
              {"model 1 twice"});
  const auto always = fitted("always", random_table(1));
  expect_text(error_of([&] { always->choose({{{"model", 4.0}}, 0, 0}); }), {"[0, 3]", "4"});
}

TEST(Policy, options_have_limits) {
  expect_text(error_of([] { make_policy("cascade", {.max_models = 9}); }),
              {"max_models in [1, 4]"});
  expect_text(error_of([] { make_policy("cascade", {.bins = 1}); }), {"bins in [2, 200]"});
}

}  // namespace
}  // namespace muxnet
