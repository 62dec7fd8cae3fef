#include "muxnet/evaluation/cross_validation.hpp"

#include <numeric>

#include "muxnet/policies/registry.hpp"
#include "muxnet/routing/division.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::random_table;

std::unique_ptr<Policy> unfitted() { return make_policy("learned_cascade"); }

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

TEST(CrossValidation, DecidesEachPartByThePolicyOfTheOthers) {
  const auto table = random_table(51, {.inputs = 300});
  const double budget = 0.5 * table.costs("macs").back();
  int parts = 0;
  const auto found = cross_validate(make_policy, *unfitted(), table, {budget},
                                    {.folds = 2, .seed = 3, .progress = [&] { ++parts; }});
  EXPECT_EQ(parts, 2);
  const auto places = draw_folds(InputGroups(table), 2, 3);
  std::vector<std::int64_t> rows[2];
  for (std::size_t row = 0; row < places.size(); ++row) {
    rows[places[row]].push_back(static_cast<std::int64_t>(row));
  }
  double cost = 0;
  for (const std::size_t own : {0U, 1U}) {
    const auto policy = unfitted();
    policy->fit(table.subset(rows[1 - own]));
    policy->choose_for_budget(budget);
    const auto part = table.subset(rows[own]);
    const auto decisions = policy->decide(part);
    const auto quality = decisions.quality(part);
    for (std::size_t i = 0; i < quality.size(); ++i) {
      EXPECT_EQ(found[0].quality[static_cast<std::size_t>(rows[own][i])], quality[i]);
    }
    cost += mean(decisions.costs(part, "macs")) * static_cast<double>(quality.size()) / 300;
  }
  EXPECT_NEAR(found[0].cost, cost, 1e-9 * cost);
}

TEST(CrossValidation, LetsEachPolicyChooseWhereNoBudgetIsGiven) {
  const auto table = random_table(54, {.inputs = 300});
  const auto found = cross_validate(make_policy, *unfitted(), table, {std::nullopt}, {.folds = 2});
  const auto places = draw_folds(InputGroups(table), 2);
  std::vector<std::int64_t> rows[2];
  for (std::size_t row = 0; row < places.size(); ++row) {
    rows[places[row]].push_back(static_cast<std::int64_t>(row));
  }
  const auto policy = unfitted();
  policy->fit(table.subset(rows[1]));
  const auto part = table.subset(rows[0]);
  const auto quality = policy->decide(part).quality(part);
  for (std::size_t i = 0; i < quality.size(); ++i) {
    EXPECT_EQ(found[0].quality[static_cast<std::size_t>(rows[0][i])], quality[i]);
  }
}

TEST(CrossValidation, LearnsFromInputsThatNotAllModelsAnsweredAndTellsOfTheOthers) {
  OutcomeFields fields;
  fields.models = {"a", "b"};
  fields.classes = 2;
  fields.costs["macs"] = {1, 10};
  std::vector<std::int32_t> answers, labels;
  for (std::int32_t i = 0; i < 60; ++i) {
    labels.push_back(i % 2);
    answers.push_back(i % 5 == 0 ? 1 - i % 2 : i % 2);  // four of five are right
    answers.push_back(i % 3 == 0 ? no_answer : i % 2);
  }
  fields.predictions = Tensor::from(answers, {60, 2});
  fields.labels = Tensor::from(labels, {60});
  fields.split = "held_out";
  const OutcomeTable table(std::move(fields));
  const auto single = make_policy("cascade");
  const auto found = cross_validate(make_policy, *single, table, {100.0}, {.folds = 3});
  EXPECT_EQ(found[0].quality.size(), 40U);
  EXPECT_DOUBLE_EQ(mean(found[0].quality), 1);
  EXPECT_EQ(table.complete_rows().size(), 40U);
}

TEST(CrossValidation, TellsLessThanTheInputsThatPointsWereChosenOn) {
  // What a budget buys on inputs that nobody has seen, and what fitting and cross-validation say of
  // it: mean distances over tables.
  constexpr std::uint64_t tables = 8;
  double fitted = 0, validated = 0;
  for (std::uint64_t i = 0; i < tables; ++i) {
    const auto table = random_table(60 + i, {.inputs = 250});
    const auto unseen = random_table(160 + i, {.inputs = 4000, .split = "test"});
    const double budget = 0.6 * table.costs("macs").back();
    const auto policy = unfitted();
    policy->fit(table);
    policy->choose_for_budget(budget);
    const double truth = policy->measure(unseen, policy->point().parameters).accuracy;
    fitted += (policy->point().accuracy - truth) / tables;
    validated +=
        (mean(cross_validate(make_policy, *unfitted(), table, {budget})[0].quality) - truth) /
        tables;
  }
  EXPECT_GT(fitted, 0.01);
  EXPECT_LT(std::abs(validated), 0.6 * fitted);
}

TEST(CrossValidation, TakesTheCheapestPointBelowEveryBudget) {
  const auto table = random_table(52, {.inputs = 200});
  const auto cheapest = table.costs("macs").front();
  const auto found = cross_validate(make_policy, *unfitted(), table, {1e-3 * cheapest, cheapest});
  EXPECT_DOUBLE_EQ(found[0].cost, cheapest);
  EXPECT_EQ(found[0].quality, found[1].quality);
}

TEST(CrossValidation, NeedsAGroupForEachPart) {
  const auto table = random_table(53, {.inputs = 4});
  expect_text(error_of([&] { cross_validate(make_policy, *unfitted(), table, {1}); }),
              {"2 to 4", "5"});
}

}  // namespace
}  // namespace muxnet
