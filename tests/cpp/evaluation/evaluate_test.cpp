#include "muxnet/evaluation/evaluate.hpp"

#include "muxnet/evaluation/hardness.hpp"
#include "muxnet/policies/registry.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::random_table;
using testing::two_class_fields;

TEST(Evaluate, reports_figures_of_every_kind_with_intervals) {
  const OutcomeTable held_out = random_table(21, {.inputs = 2000});
  const OutcomeTable test = random_table(22, {.inputs = 1000, .split = "test"});
  const auto policy = make_policy("hybrid_single");
  policy->fit(held_out);
  const auto result = evaluate(*policy, test);
  const auto expected = policy->measure(test, policy->point().parameters);
  EXPECT_EQ(result.policy, "hybrid_single");
  EXPECT_EQ(result.split, "test");
  EXPECT_FALSE(result.seen);
  EXPECT_DOUBLE_EQ(result.accuracy.value, expected.accuracy);
  EXPECT_DOUBLE_EQ(result.costs.at("macs").mean.value, expected.cost);
  EXPECT_LT(result.accuracy.interval.low, result.accuracy.value);
  EXPECT_GT(result.accuracy.interval.high, result.accuracy.value);
  const auto& latency = result.costs.at("latency_ms");
  EXPECT_LT(latency.mean.interval.low, latency.mean.value);
  EXPECT_GE(latency.p99, latency.mean.value);
  EXPECT_GE(latency.worst, latency.p99);
  EXPECT_DOUBLE_EQ(result.models_per_input, 1);
  double shares = 0;
  for (const double share : result.called_shares) shares += share;
  EXPECT_NEAR(shares, 1, 1e-12);
}

TEST(Evaluate, a_cascade_pays_twice_in_the_tail) {
  std::vector<std::vector<float>> p(200, {0.99F, 0.9F});
  std::vector<std::int32_t> labels(200, 1);
  p[7] = p[9] = p[11] = {0.4F, 0.9F};  // 1.5 % hard inputs
  const OutcomeTable held_out(two_class_fields(p, labels, {1, 10}));
  p[0][0] = 0.98F;
  const OutcomeTable test(two_class_fields(p, labels, {1, 10}, "test"));
  const auto policy = make_policy("cascade");
  policy->fit(held_out);
  policy->choose({{{"models", 2}, {"model_0", 0}, {"model_1", 1}, {"threshold_0", 0.9}}, 0, 0});
  const auto figures = evaluate(*policy, test).costs.at("macs");
  EXPECT_DOUBLE_EQ(figures.mean.value, 1 + 0.015 * 10);
  EXPECT_DOUBLE_EQ(figures.p99, 11);
  EXPECT_DOUBLE_EQ(figures.worst, 11);
}

TEST(Evaluate, together_and_alone_agree) {
  const OutcomeTable held_out = random_table(21), test = random_table(22);
  const auto a = make_policy("cascade"), b = make_policy("hybrid_single");
  a->fit(held_out);
  b->fit(held_out);
  const auto both = evaluate_all({a.get(), b.get()}, test);
  const auto alone = evaluate(*b, test);
  ASSERT_EQ(both.size(), 2U);
  EXPECT_DOUBLE_EQ(both[1].accuracy.interval.low, alone.accuracy.interval.low);
  EXPECT_DOUBLE_EQ(both[1].costs.at("macs").mean.interval.high,
                   alone.costs.at("macs").mean.interval.high);
  EXPECT_TRUE(evaluate_all({}, test).empty());
}

TEST(Evaluate, refuses_a_part_of_what_was_seen) {
  const OutcomeTable table = random_table(23);
  std::vector<std::int64_t> first(200), second(200);
  for (std::int64_t i = 0; i < 200; ++i) {
    first[static_cast<std::size_t>(i)] = i;
    second[static_cast<std::size_t>(i)] = 199 + i;  // row 199 is in both
  }
  const auto policy = make_policy("cascade");
  policy->fit(table.subset(first));
  expect_text(error_of([&] { evaluate(*policy, table.subset(second)); }),
              {"cascade", "shares 1 of its 200"});
  second[0] = 399;
  EXPECT_NO_THROW(evaluate(*policy, table.subset(second)));
}

TEST(Collapse, is_said_in_words) {
  const std::vector<std::string> models{"small", "large"};
  expect_text(collapse_text({0.001, 0.999}, models), {"'large'", "99.9 %"});
  EXPECT_EQ(collapse_text({0.02, 0.98}, models), "");
  EXPECT_EQ(collapse_text({1, 1}, models), "");    // an ensemble
  EXPECT_EQ(collapse_text({1, 0.4}, models), "");  // a cascade
  EXPECT_EQ(collapse_text({1}, {"only"}), "");
  EXPECT_EQ(collapsed_model({0.001, 0.999}), 1U);
  EXPECT_FALSE(collapsed_model({0.02, 0.98}).has_value());
  EXPECT_FALSE(collapsed_model({}).has_value());
}

TEST(Evaluate, at_another_point_is_as_if_it_were_chosen) {
  const OutcomeTable held_out = random_table(21), test = random_table(22);
  const auto policy = make_policy("cascade");
  policy->fit(held_out);
  const auto point = policy->operating_points()[2];
  const auto found = evaluate(*policy, point, test);
  EXPECT_NE(found.parameters, policy->point().parameters);
  policy->choose(point);
  const auto chosen = evaluate(*policy, test);
  EXPECT_EQ(found.parameters, chosen.parameters);
  EXPECT_EQ(found.quality, chosen.quality);
  EXPECT_EQ(found.accuracy.interval.low, chosen.accuracy.interval.low);
  EXPECT_EQ(found.called_shares, chosen.called_shares);
}

TEST(Evaluate, models_alone_are_as_by_the_policy_that_calls_one) {
  const OutcomeTable held_out = random_table(21), test = random_table(22);
  const auto found = evaluate_models(test);
  ASSERT_EQ(found.size(), 4U);
  for (std::int64_t model = 0; model < 4; ++model) {
    const auto policy = make_policy("always", {.model = model});
    policy->fit(held_out);
    const auto expected = evaluate(*policy, test).accuracy;
    const auto& own = found[static_cast<std::size_t>(model)];
    EXPECT_EQ(own.value, expected.value);
    EXPECT_EQ(own.interval.low, expected.interval.low);
    EXPECT_EQ(own.interval.high, expected.interval.high);
  }
}

TEST(Evaluate, of_some_models_is_seen_in_their_pool) {
  Evaluation two;
  two.called_shares = {0.75, 0.25};
  EXPECT_EQ(in_pool(two, {"d", "a"}, {"a", "b", "d"}).called_shares,
            (std::vector<double>{0.25, 0, 0.75}));
  expect_text(error_of([&] { in_pool(two, {"d", "x"}, {"a", "d"}); }), {"models of the pool", "x"});
}

TEST(Hardness, counts_failing_models_and_who_is_right_where_others_fail) {
  const OutcomeTable table(
      two_class_fields({{0.9F, 0.9F}, {0.9F, 0.1F}, {0.9F, 0.2F}, {0.1F, 0.9F}, {0.1F, 0.1F}},
                       {1, 1, 1, 1, 1}, {1, 10}));
  EXPECT_EQ(input_hardness(table), (std::vector<std::int64_t>{0, 1, 1, 1, 2}));
  EXPECT_EQ(hardness_histogram(table), (std::vector<std::int64_t>{1, 3, 1}));
  EXPECT_EQ(right_wrong_matrix(table), (std::vector<double>{0, 0.4, 0.2, 0}));
  const Decisions decisions{{1, 2, 2, 2, 3}, {1, 0, 0, 1, 0}, {1, 2, 2, 2, 2}};
  const auto levels = by_hardness(table, decisions);
  ASSERT_EQ(levels.size(), 3U);
  EXPECT_EQ(levels[1].inputs, 3);
  EXPECT_DOUBLE_EQ(levels[1].accuracy, 1.0 / 3);
  EXPECT_EQ(levels[1].called_shares, (std::vector<double>{0, 1}));
  EXPECT_EQ(levels[2].called_shares, (std::vector<double>{1, 1}));
}

TEST(Evaluate, groups_widen_intervals_and_missing_answers_are_left_out) {
  const auto policy = make_policy("cascade");
  policy->fit(random_table(21, {.inputs = 1000}));
  OutcomeFields fields = random_table(22, {.inputs = 600, .split = "test"}).fields();
  const OutcomeTable alone(fields);
  std::vector<std::int64_t> groups;
  for (std::int64_t i = 0; i < 600; ++i) groups.push_back(i);
  fields.groups = Tensor::from(groups, {600});
  const auto each = evaluate(*policy, alone), named = evaluate(*policy, OutcomeTable(fields));
  EXPECT_EQ(named.accuracy.interval.low, each.accuracy.interval.low);
  EXPECT_EQ(named.groups, 600);
  // All right together, all wrong together: twenty groups of thirty.
  const auto& quality = each.quality;
  for (std::size_t i = 0; i < 600; ++i) groups[i] = quality[i] > 0 ? 1 + (i % 15) : 100 + (i % 5);
  fields.groups = Tensor::from(groups, {600});
  const auto together = evaluate(*policy, OutcomeTable(fields));
  EXPECT_EQ(together.accuracy.value, each.accuracy.value);
  EXPECT_EQ(together.inputs, 600);
  EXPECT_EQ(together.groups, 20);
  EXPECT_GT(together.accuracy.interval.high - together.accuracy.interval.low,
            2 * (each.accuracy.interval.high - each.accuracy.interval.low));

  fields.predictions = fields.predictions.clone();
  for (std::size_t i = 0; i < 100; ++i) fields.predictions.data<std::int32_t>()[4 * i] = -1;
  const OutcomeTable incomplete(fields);
  const auto models = evaluate_models(incomplete);
  EXPECT_NEAR(models[0].value, incomplete.accuracies()[0], 1e-12);
  EXPECT_EQ(models[1].interval.low, evaluate_models(OutcomeTable(fields))[1].interval.low);
  EXPECT_EQ(evaluate(*policy, incomplete).inputs, 500);
}

}  // namespace
}  // namespace muxnet
