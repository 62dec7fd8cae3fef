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
  fields.predictions = Tensor();  // which they are to be anew
  const OutcomeTable table(fields);
  for (const std::int64_t longest : {1, 2, 3, 4}) {
    const auto policy = make_policy("cascade", {.max_models = longest, .bins = 12});
    policy->fit(table);
    for (const auto& point : policy->operating_points()) {
      EXPECT_LE(point.parameters.at("models"), static_cast<double>(longest));
      const auto measured = policy->measure(table, point.parameters);
      EXPECT_NEAR(measured.accuracy, point.accuracy, 1e-12);
      EXPECT_NEAR(measured.cost, point.cost, 1e-9);
    }
  }
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
