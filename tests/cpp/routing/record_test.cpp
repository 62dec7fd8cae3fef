#include "muxnet/routing/record.hpp"

#include <cmath>

#include "muxnet/core/json_values.hpp"
#include "muxnet/policies/registry.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using Json = nlohmann::ordered_json;
using testing::error_of;
using testing::expect_text;
using testing::random_table;
using testing::two_class_fields;

bool holds(double value, const std::string& relation, double threshold) {
  if (relation == ">=") return value >= threshold;
  if (relation == ">") return value > threshold;
  if (relation == "<") return value < threshold;
  return relation == "<=" && value <= threshold;
}

ReplayedRecord replayed(const Policy& policy, const std::string& line) {
  return replay_records(policy, std::vector<std::string>{line}).front();
}

/// Every registered policy; a new one is tested without touching this.
class Recorded : public ::testing::TestWithParam<std::string> {
 protected:
  Recorded()
      // Two models, so that `offload` takes part.
      : held_out_(random_table(11, {.models = 2})),
        test_(random_table(12, {.models = 2, .split = "test"})),
        policy_(make_policy(GetParam(), {.seed = 3})) {
    policy_->fit(held_out_);
  }

  OutcomeTable held_out_, test_;
  std::unique_ptr<Policy> policy_;
};

TEST_P(Recorded, replays_to_the_same_decision) {
  for (const auto& point : policy_->operating_points()) {
    policy_->choose(point);
    const Decisions decided = policy_->decide(test_);
    const auto costs = decided.costs(test_, "macs");
    std::vector<std::int64_t> rows;
    for (std::int64_t at = 0; at < 400; at += 17) rows.push_back(at);
    const auto lines = record_decisions(*policy_, test_, rows);
    const auto again = replay_records(*policy_, lines);
    ASSERT_EQ(again.size(), rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto row = static_cast<std::size_t>(rows[i]);
      const Json record = Json::parse(lines[i]);
      EXPECT_EQ(record["input"], row);
      EXPECT_EQ(record["answer"], decided.answers[row]);
      EXPECT_EQ(record["right"], decided.answers[row] == test_.labels()[row]);
      EXPECT_DOUBLE_EQ(record["cost"]["macs"].get<double>(), costs[row]);
      EXPECT_TRUE(again[i].same);
      EXPECT_EQ(again[i].answer, decided.answers[row]);
      std::uint64_t called = 0;
      for (const auto& name : again[i].called) called |= model_bit(name == "model0" ? 0 : 1);
      EXPECT_EQ(called, decided.called[row]);
    }
  }
}

TEST_P(Recorded, says_comparisons_that_hold) {
  for (const auto& line : record_decisions(*policy_, test_)) {
    const Json record = Json::parse(line);
    ASSERT_TRUE(record["steps"].back().contains("answer_from"));
    for (const auto& step : record["steps"]) {
      if (!step.contains("why")) continue;
      const Json& why = step["why"];
      EXPECT_TRUE(holds(why["value"], why["relation"], why["threshold"])) << line;
    }
  }
}

TEST_P(Recorded, prices_the_alternatives_and_tells_who_was_right) {
  const auto lines = record_decisions(*policy_, test_, std::vector<std::int64_t>{5, 9});
  ASSERT_EQ(lines.size(), 2U);
  const Json record = Json::parse(lines[1]);
  EXPECT_EQ(record["input"], 9);
  ASSERT_EQ(record["alternatives"].size(), 2U);
  for (std::size_t model = 0; model < 2; ++model) {
    const Json& alone = record["alternatives"][model];
    EXPECT_EQ(alone["model"], test_.models()[model]);
    EXPECT_EQ(alone["cost"]["macs"], test_.costs("macs")[model]);
    EXPECT_EQ(alone["cost"]["latency_ms"], test_.costs("latency_ms")[model]);
    EXPECT_EQ(alone["right"], test_.right()[9 * 2 + model] == 1);
  }
}

TEST_P(Recorded, plans_before_any_model_has_run) {
  if (GetParam() == "oracle") GTEST_SKIP() << "the oracle reads labels: replay only";
  const Json plan = plan_decision(*policy_, OutcomeRows(test_).at(0));
  const Json record =
      Json::parse(record_decisions(*policy_, test_, std::vector<std::int64_t>{0}).front());
  EXPECT_EQ(plan["call"], record["steps"][0]["call"]);
}

INSTANTIATE_TEST_SUITE_P(Routing, Recorded, ::testing::ValuesIn(policies().names()),
                         [](const auto& entry) { return entry.param; });

/// The small model is sure at 0.9 and above, and right then.
std::unique_ptr<Policy> small_cascade() {
  auto policy = make_policy("cascade", {.bins = 4});
  policy->fit(OutcomeTable(two_class_fields(
      {{0.95F, 0.99F}, {0.9F, 0.99F}, {0.55F, 0.01F}, {0.6F, 0.02F}}, {1, 1, 0, 0}, {1, 4})));
  policy->choose(
      {{{"models", 2}, {"model_0", 0}, {"model_1", 1}, {"threshold_0", 0.875}}, 1.0, 3.0});
  return policy;
}

TEST(Record, SaysWhichThresholdDecided) {
  const auto policy = small_cascade();
  const OutcomeTable test(
      two_class_fields({{0.9375F, 0.5F}, {0.25F, 0.75F}}, {1, 0}, {1, 4}, "test"));
  const auto lines = record_decisions(*policy, test);
  const Json sure = Json::parse(lines[0]), unsure = Json::parse(lines[1]);
  EXPECT_EQ(sure["called"], Json({"m0"}));
  EXPECT_EQ(sure["outputs"], Json({{"m0", {0.0625, 0.9375}}}));
  EXPECT_EQ(sure["steps"][0], Json({{"call", {"m0"}}}));
  EXPECT_EQ(sure["steps"][1]["answer_from"], Json({"m0"}));
  EXPECT_EQ(sure["steps"][1]["why"], Json::parse(R"({"quantity": "max_softmax", "value": 0.9375,
      "relation": ">=", "threshold": 0.875, "against": "threshold"})"));
  EXPECT_EQ(unsure["called"], Json({"m0", "m1"}));
  EXPECT_EQ(unsure["steps"][1]["why"]["relation"], "<");
  EXPECT_EQ(unsure["cost"]["macs"], 5.0);
  EXPECT_EQ(unsure["alternatives"][0]["right"], true);
  EXPECT_EQ(unsure["right"], false);
  const Json plan = plan_decision(*policy, {});
  EXPECT_EQ(plan, Json::parse(R"({"call": ["m0"], "then": [{"quantity": "max_softmax",
      "threshold": 0.875, "call": ["m1"]}]})"));
}

TEST(Record, IsOfOnePolicyInOneVersion) {
  const auto policy = small_cascade();
  const OutcomeTable test(two_class_fields({{0.9375F, 0.5F}}, {1}, {1, 4}, "test"));
  const std::string line = record_decisions(*policy, test).front();
  const std::string before = policy->version();
  EXPECT_EQ(before.size(), 16U);
  EXPECT_EQ(policy->version(), before);
  policy->choose(policy->operating_points().front());
  EXPECT_NE(policy->version(), before);
  expect_text(error_of([&] { replayed(*policy, line); }),
              {"policy 'cascade' in version " + policy->version(), before});
}

TEST(Record, WhatIsNoneIsRefused) {
  const auto policy = small_cascade();
  const OutcomeTable test(two_class_fields({{0.75F, 0.5F}}, {1}, {1, 4}, "test"));
  const Json whole = Json::parse(record_decisions(*policy, test).front());
  const auto message = [&](const Json& record) {
    return error_of([&] { replayed(*policy, record.dump()); });
  };
  expect_text(error_of([&] { replayed(*policy, "{"); }), {"record", "a decision record", "line 1"});
  for (const std::string begin : {"[", "{\"a\":"}) {  // deeper than any stack
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += begin;
    expect_text(error_of([&] { replayed(*policy, deep); }), {"a decision record", "levels"});
  }
  Json changed = whole;
  changed["format"] = "other";
  expect_text(message(changed), {"muxnet-decision-1", "other"});
  changed = whole;
  changed["outputs"].erase("m1");
  expect_text(message(changed), {"outputs of all models that are called", "none of model 1"});
  changed = whole;
  changed["outputs"]["m1"] = {1.0};
  expect_text(message(changed), {"2 classes", "1 of m1"});
  changed = whole;
  changed["outputs"]["m7"] = {0.5, 0.5};
  expect_text(message(changed), {"models of the policy", "m7"});
  changed = whole;
  changed["answer"] = 1;
  EXPECT_FALSE(replayed(*policy, changed.dump()).same);
  expect_text(error_of([&] { Recorder(*policy, {{{"macs", {1.0}}}, {}}); }), {"2 costs of macs"});
}

TEST(Record, tells_the_chance_of_what_was_drawn) {
  const OutcomeTable table = random_table(11, {.inputs = 300});
  const auto policy = make_policy("random_mixing", {.seed = 3});
  policy->fit(table);
  const auto& points = policy->operating_points();
  policy->choose_for_budget(0.3 * points[0].cost + 0.7 * points[1].cost);
  double inverse = 0;
  for (const auto& line : record_decisions(*policy, table)) {
    const Json record = Json::parse(line);
    const bool dearer = record["called"][0] ==
                        table.models()[static_cast<std::size_t>(points[1].parameters.at("first"))];
    EXPECT_NEAR(record["propensity"].get<double>(), dearer ? 0.7 : 0.3, 1e-9);
    inverse += dearer ? 1 / record["propensity"].get<double>() : 0;
  }
  EXPECT_NEAR(inverse / 300, 1, 0.15);  // weighted by it each model has seen every input
  policy->choose(points[0]);
  const auto lines = record_decisions(*policy, table, std::vector<std::int64_t>{0});
  EXPECT_FALSE(Json::parse(lines[0]).contains("propensity"));  // nothing is drawn there
}

}  // namespace
}  // namespace muxnet
