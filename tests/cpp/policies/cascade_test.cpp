#include <bit>
#include <set>

#include "muxnet/policies/registry.hpp"
#include "muxnet/routing/pareto.hpp"
#include "muxnet/routing/policy.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::random_table;
using testing::two_class_fields;
using Masks = std::vector<std::uint64_t>;

TEST(Cascade, defers_below_the_threshold_and_pays_for_all_models_run) {
  const OutcomeTable table(two_class_fields(
      {{0.95F, 0.6F, 0.1F}, {0.6F, 0.05F, 0.9F}, {0.55F, 0.65F, 0.9F}, {0.1F, 0.2F, 0.3F}},
      {1, 0, 1, 0}, {1, 5, 20}));
  const auto policy = make_policy("cascade");
  policy->fit(table);
  const OperatingPoint point{{{"models", 3},
                              {"model_0", 0},
                              {"model_1", 1},
                              {"model_2", 2},
                              {"threshold_0", 0.85},
                              {"threshold_1", 0.8}},
                             0,
                             0};
  const auto decisions = policy->decide(table, point);
  EXPECT_EQ(decisions.called, (Masks{1, 3, 7, 1}));
  EXPECT_EQ(decisions.answers, (std::vector<std::int32_t>{1, 0, 1, 0}));
  EXPECT_EQ(decisions.costs(table, "macs"), (std::vector<double>{1, 6, 26, 1}));
  EXPECT_DOUBLE_EQ(decisions.models_per_input(), 7.0 / 4);
  EXPECT_EQ(decisions.called_shares(3), (std::vector<double>{1, 0.5, 0.25}));
  EXPECT_FALSE(decisions.uses_multiplexer);
}

TEST(Cascade, search_counts_exactly_what_a_replay_measures) {
  // Ties in the confidences, as float16 sources have them, are in the table too.
  OutcomeFields fields = random_table(6).fields();
  for (std::int64_t row = 0; row < 60; ++row) {
    float* p = fields.probabilities.data<float>() + row * 20;
    std::fill(p, p + 20, 0.0F);
    for (int i = 0; i < 4; ++i) p[5 * i + (row + i) % 5] = 1.0F;
  }
  const OutcomeTable table(fields);
  for (const char* name : {"cascade", "margin_cascade", "entropy_cascade", "agreement_cascade"}) {
    for (const std::int64_t longest : {1, 2, 3, 4}) {
      const auto policy = make_policy(name, {.max_models = longest, .bins = 12});
      policy->fit(table);
      for (const auto& point : policy->operating_points()) {
        EXPECT_LE(point.parameters.at("models"), static_cast<double>(longest));
        const auto measured = policy->measure(table, point.parameters);
        EXPECT_NEAR(measured.accuracy, point.accuracy, 1e-12);
        EXPECT_NEAR(measured.cost, point.cost, 1e-9);
      }
    }
  }
}

TEST(Cascade, kinds_differ_in_what_they_call_sure) {
  // Three classes: the first input has a wide margin, the second little entropy besides two.
  OutcomeFields fields = two_class_fields({{0.5F, 0.9F}, {0.5F, 0.9F}}, {1, 1}, {1, 5});
  fields.probabilities = Tensor::from(
      std::vector<float>{0.2F, 0.6F, 0.2F, 0, 1, 0, 0.0F, 0.55F, 0.45F, 0, 1, 0}, {2, 2, 3});
  const OutcomeTable table(fields);
  const auto called = [&](const char* name, double threshold) {
    const auto policy = make_policy(name);
    policy->fit(table);
    const OperatingPoint point{
        {{"models", 2}, {"model_0", 0}, {"model_1", 1}, {"threshold_0", threshold}}, 0, 0};
    return policy->decide(table, point).called;
  };
  EXPECT_EQ(called("cascade", 0.58), (Masks{1, 3}));
  EXPECT_EQ(called("margin_cascade", 0.3), (Masks{1, 3}));  // margins 0.4 and 0.1
  // 1 - H / log 3: 0.135 and 0.374.
  EXPECT_EQ(called("entropy_cascade", 0.2), (Masks{3, 1}));
}

TEST(Cascade, by_agreement_answers_where_all_run_say_the_same) {
  // Both say 1, the second says 0, both say 0; the third is always right.
  const OutcomeTable table(two_class_fields(
      {{0.6F, 0.7F, 0.9F}, {0.8F, 0.1F, 0.9F}, {0.3F, 0.4F, 0.1F}}, {1, 1, 0}, {1, 2, 20}));
  const auto policy = make_policy("agreement_cascade");
  policy->fit(table);
  const auto called = [&](double first, double second) {
    const OperatingPoint point{{{"models", 3},
                                {"model_0", 0},
                                {"model_1", 1},
                                {"model_2", 2},
                                {"threshold_0", first},
                                {"threshold_1", second}},
                               0,
                               0};
    return policy->decide(table, point).called;
  };
  EXPECT_EQ(called(2, 0.5), (Masks{3, 7, 3}));
  EXPECT_EQ(called(0.5, 0.5), (Masks{1, 1, 1}));  // one model alone agrees with itself
  // 1/2 + s/2 with s = 0.65 and 0.65; of two that disagree s = (0.2 + 0.9) / 2.
  EXPECT_EQ(called(2, 0.82), (Masks{3, 7, 3}));
  EXPECT_EQ(called(2, 0.83), (Masks{7, 7, 7}));
  EXPECT_EQ(called(2, 0.27), (Masks{3, 3, 3}));
}

TEST(Cascade, finds_the_best_two_model_chain_of_an_exhaustive_search) {
  const OutcomeTable table = random_table(8, {.inputs = 60, .models = 3});
  const auto policy = make_policy("cascade", {.max_models = 2, .bins = 200});
  policy->fit(table);
  std::vector<PlanePoint> plane;
  for (double cheap : {0.0, 1.0, 2.0}) {
    plane.push_back({0, 0});
    auto single = policy->measure(table, {{"models", 1}, {"model_0", cheap}});
    plane.back() = {single.cost, single.accuracy};
    for (double dear = cheap + 1; dear < 3; ++dear) {
      std::set<double> thresholds{2.0};
      for (std::size_t row = 0; row < 60; ++row) {
        thresholds.insert(
            table.confidences().span<float>()[row * 3 + static_cast<std::size_t>(cheap)]);
      }
      for (const double threshold : thresholds) {
        const auto point = policy->measure(
            table,
            {{"models", 2}, {"model_0", cheap}, {"model_1", dear}, {"threshold_0", threshold}});
        plane.push_back({point.cost, point.accuracy});
      }
    }
  }
  const auto front = pareto_front(plane);
  const auto& points = policy->operating_points();
  ASSERT_EQ(points.size(), front.size());
  for (std::size_t i = 0; i < front.size(); ++i) {
    EXPECT_NEAR(points[i].cost, plane[front[i]].cost, 1e-9);
    EXPECT_NEAR(points[i].accuracy, plane[front[i]].accuracy, 1e-12);
  }
}

TEST(Cascade, longer_chains_contain_shorter_ones) {
  const OutcomeTable table = random_table(9, {.inputs = 2000});
  double best = 0;
  for (const std::int64_t longest : {1, 2, 3}) {
    const auto policy = make_policy("cascade", {.max_models = longest});
    policy->fit(table);
    policy->choose_for_budget(20);
    EXPECT_GE(policy->point().accuracy, best);
    best = policy->point().accuracy;
  }
}

TEST(Cascade, copes_with_a_model_that_is_always_sure) {
  const OutcomeTable table(two_class_fields({{1, 0.9F}, {1, 0.2F}, {1, 0.7F}}, {1, 0, 1}, {1, 3}));
  const auto policy = make_policy("cascade");
  policy->fit(table);
  EXPECT_DOUBLE_EQ(policy->operating_points().front().cost, 1);
  EXPECT_DOUBLE_EQ(policy->operating_points().back().accuracy, 1);
}

}  // namespace
}  // namespace muxnet
