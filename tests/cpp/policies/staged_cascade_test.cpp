#include <cmath>
#include <utility>

#include "muxnet/policies/registry.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::random_table;

TEST(StagedCascade, costs_on_its_own_table_what_its_points_say) {
  const OutcomeTable table = random_table(3);
  const auto policy = make_policy("staged_cascade", {.bins = 20});
  policy->fit(table);
  ASSERT_GT(policy->operating_points().size(), 3U);
  bool passes_over = false;
  for (const OperatingPoint& point : policy->operating_points()) {
    const OperatingPoint measured = policy->measure(table, point.parameters);
    EXPECT_NEAR(measured.cost, point.cost, 1e-9);
    for (std::size_t model = 0; model < 4; ++model) {
      EXPECT_NEAR(measured.called_shares[model], point.called_shares[model], 1e-12);
    }
    passes_over = passes_over || point.parameters.at("entry") > 0;
  }
  EXPECT_TRUE(passes_over);
}

/// Two models; the first is right on every other input, equally sure of all, and only the scores
/// tell which.
OutcomeTable told_by_scores_alone() {
  std::vector<std::vector<float>> p;
  std::vector<std::int32_t> labels;
  std::vector<float> scores;
  for (int i = 0; i < 200; ++i) {
    labels.push_back(i % 4 < 2 ? 0 : 1);
    const bool easy = i % 2 == 0;
    const auto sure = [](bool one) { return one ? 0.8F : 0.2F; };
    p.push_back({sure((labels.back() == 1) == easy), sure(labels.back() == 1)});
    scores.insert(scores.end(), {easy ? 2.0F : -2.0F, 3.0F});
  }
  auto fields = testing::two_class_fields(p, labels, {1, 10});
  fields.scores = Tensor::from(scores, {200, 2});
  fields.multiplexer_costs = {{"macs", 0.5}};
  return OutcomeTable(std::move(fields));
}

TEST(StagedCascade, passes_over_a_model_that_the_multiplexer_says_is_wrong) {
  const OutcomeTable table = told_by_scores_alone();
  const auto policy = make_policy("staged_cascade");
  policy->fit(table);
  policy->choose_for_budget(6.5);
  EXPECT_DOUBLE_EQ(policy->point().accuracy, 1);
  EXPECT_NEAR(policy->point().cost, 0.5 + 0.5 * 1 + 0.5 * 10, 1e-9);
  const Decisions decisions = policy->decide(table);
  EXPECT_EQ(decisions.called[0], 0b01U);
  EXPECT_EQ(decisions.called[1], 0b10U);
  const auto rule = policy->rule();
  const Reason reason = rule->explain(OutcomeRows(table).at(1));
  EXPECT_EQ(reason.quantity, "score");
  EXPECT_EQ(reason.relation, "<");
}

TEST(StagedCascade, wants_scores) {
  auto fields = told_by_scores_alone().fields();
  fields.weights = std::exchange(fields.scores, Tensor());
  for (float& weight : fields.weights.span<float>()) weight = 0.5F;
  const OutcomeTable weighted(std::move(fields));
  expect_text(
      error_of<std::invalid_argument>([&] { make_policy("staged_cascade")->fit(weighted); }),
      {"staged_cascade", "scores"});
}

}  // namespace
}  // namespace muxnet
