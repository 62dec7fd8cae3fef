#include <unistd.h>

#include <bit>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "muxnet/core/error.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/evaluation/evaluate.hpp"
#include "muxnet/policies/registry.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::random_table;

/// What learns from these inputs says what it attains on those it has not learnt from.
bool learns(const std::string& policy) {
  return policy == "learned_cascade" || policy == "staged_cascade" ||
         policy == "logistic_deferral" || policy == "knn";
}

/// Every registered policy at every operating point; a new one is tested without touching this.
class EveryPolicy : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryPolicy, keeps_its_books) {
  // Two models, so that `offload` takes part.
  const OutcomeTable held_out = random_table(11, {.models = 2});
  const OutcomeTable test = random_table(12, {.models = 2, .split = "test"});
  const auto policy = make_policy(GetParam());
  EXPECT_EQ(policy->name(), GetParam());
  policy->fit(held_out);
  const auto oracle = make_policy("oracle");
  oracle->fit(held_out);
  const double bound = oracle->measure(test, {}).accuracy;
  double cost = -1;
  for (const auto& point : policy->operating_points()) {
    EXPECT_GT(point.cost, cost);
    cost = point.cost;
    const auto again = policy->measure(held_out, point.parameters);
    EXPECT_NEAR(again.accuracy, point.accuracy, learns(GetParam()) ? 0.08 : 1e-12);
    EXPECT_NEAR(again.cost, point.cost, GetParam() == "knn" ? 0.05 * cost : 1e-9);
    ASSERT_EQ(point.called_shares.size(), 2U);
    EXPECT_NEAR(point.called_shares[0] + 4 * point.called_shares[1] + policy->multiplexer_cost(),
                point.cost, 1e-9);

    const auto decisions = policy->decide(test, point);
    EXPECT_EQ(decisions.uses_multiplexer, policy->uses_multiplexer());
    double right = 0;
    for (std::size_t i = 0; i < 400; ++i) {
      ASSERT_NE(decisions.called[i], 0U);
      ASSERT_EQ(decisions.called[i] & ~all_models(2), 0U);
      right += decisions.answers[i] == test.labels()[i] ? 1 : 0;
      double paid = policy->uses_multiplexer() ? 0.25 : 0.0;
      paid += decisions.rule_macs;
      if ((decisions.called[i] & 1) != 0) paid += 1;
      if ((decisions.called[i] & 2) != 0) paid += 4;
      ASSERT_DOUBLE_EQ(decisions.costs(test, "macs")[i], paid);
    }
    EXPECT_DOUBLE_EQ(policy->measure(test, point.parameters).accuracy, right / 400);
    const bool combines = decisions.models_per_input() > 1;
    if (!combines) {
      EXPECT_LE(right / 400, bound);
    }
  }
}

TEST_P(EveryPolicy, decides_the_same_twice_and_row_by_row) {
  const OutcomeTable held_out = random_table(11, {.models = 2});
  const OutcomeTable test = random_table(12, {.models = 2, .split = "test"});
  const auto policy = make_policy(GetParam());
  policy->fit(held_out);
  const auto all = policy->decide(test);
  EXPECT_EQ(policy->decide(test).called, all.called);
  if (GetParam() == "random_mixing") policy->choose(policy->operating_points().front());
  const std::vector<std::int64_t> rows{5, 3, 200};
  const auto some = policy->decide(test.subset(rows));
  const auto whole = policy->decide(test);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(some.called[i], whole.called[static_cast<std::size_t>(rows[i])]);
    EXPECT_EQ(some.answers[i], whole.answers[static_cast<std::size_t>(rows[i])]);
  }
}

TEST_P(EveryPolicy, comes_back_from_its_file_and_decides_alike) {
  const OutcomeTable held_out = random_table(11, {.models = 2});
  const OutcomeTable test = random_table(12, {.models = 2, .split = "test"});
  const auto policy = make_policy(GetParam(), {.seed = 5});
  policy->fit(held_out);
  const auto path = std::filesystem::temp_directory_path() /
                    ("muxnet-policy-" + GetParam() + std::to_string(::getpid()) + ".json");
  policy->save(path);
  const auto again = load_policy(path);
  std::filesystem::remove(path);
  EXPECT_EQ(again->name(), GetParam());
  EXPECT_EQ(again->best_single(), policy->best_single());
  ASSERT_EQ(again->operating_points().size(), policy->operating_points().size());
  EXPECT_EQ(again->point().parameters, policy->point().parameters);
  for (const auto& point : policy->operating_points()) {
    EXPECT_EQ(again->decide(test, point).called, policy->decide(test, point).called);
    EXPECT_EQ(again->decide(test, point).answers, policy->decide(test, point).answers);
  }
  expect_text(error_of([&] { evaluate(*again, held_out); }), {"shares"});
}

TEST_P(EveryPolicy, optimises_the_kind_of_cost_it_is_given) {
  const OutcomeTable held_out = random_table(11, {.models = 2});
  const auto policy = make_policy(GetParam(), {.cost_kind = "latency_ms"});
  policy->fit(held_out);
  const auto decisions = policy->decide(held_out);
  const auto costs = decisions.costs(held_out, "latency_ms");
  EXPECT_NEAR(policy->point().cost, std::accumulate(costs.begin(), costs.end(), 0.0) / 400,
              GetParam() == "knn" ? 0.1 : 1e-9);
}

/// Points keep what they call, so that a price is arithmetic, and a replay at that price agrees.
TEST_P(EveryPolicy, is_priced_anew_without_new_data) {
  const OutcomeTable held_out = random_table(11, {.models = 2});
  OutcomeFields dearer = held_out.fields();
  dearer.costs["macs"] = {3, 5};
  dearer.multiplexer_costs["macs"] = 0.5;
  const auto policy = make_policy(GetParam());
  policy->fit(held_out);
  const auto before = policy->operating_points();
  const double rule = policy->rule()->macs();
  policy->reprice({3, 5}, rule + (policy->uses_multiplexer() ? 0.5 : 0.0));
  EXPECT_EQ(policy->prices(), (std::vector<double>{3, 5}));
  double cost = 0, accuracy = 0;
  for (const auto& point : policy->operating_points()) {
    EXPECT_GT(point.cost, cost);
    EXPECT_GT(point.accuracy, accuracy);
    cost = point.cost;
    accuracy = point.accuracy;
    const auto measured = policy->measure(OutcomeTable(dearer), point.parameters);
    EXPECT_NEAR(measured.cost, cost, GetParam() == "knn" ? 0.05 * cost : 1e-9);
  }
  policy->reprice({1, 4}, rule + (policy->uses_multiplexer() ? 0.25 : 0.0));
  ASSERT_EQ(policy->operating_points().size(), before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(policy->operating_points()[i].parameters, before[i].parameters);
  }
}

TEST_P(EveryPolicy, is_not_evaluated_on_what_it_was_fitted_on) {
  const OutcomeTable held_out = random_table(11, {.models = 2});
  const auto policy = make_policy(GetParam());
  policy->fit(held_out);
  expect_text(error_of([&] { evaluate(*policy, held_out); }), {"evaluate", GetParam(), "shares"});
  const auto result =
      evaluate(*policy, held_out, {.bootstrap = {.resamples = 10}, .allow_seen = true});
  EXPECT_TRUE(result.seen);
}

TEST_P(EveryPolicy, has_one_choice_with_a_single_model) {
  if (GetParam() == "offload") GTEST_SKIP() << "offload wants two models";
  const OutcomeTable held_out = random_table(11, {.models = 1});
  const auto policy = make_policy(GetParam());
  policy->fit(held_out);
  EXPECT_EQ(policy->operating_points().size(), 1U);
  EXPECT_DOUBLE_EQ(policy->point().accuracy, held_out.accuracies()[0]);
}

INSTANTIATE_TEST_SUITE_P(Routing, EveryPolicy, ::testing::ValuesIn(policies().names()),
                         [](const auto& entry) { return entry.param; });

TEST(Registry, lists_names_when_one_is_unknown) {
  expect_text(error_of([] { make_policy("magic"); }), {"policies", "always", "oracle", "magic"});
}

TEST(PolicyFile, WhatIsNoPolicyIsRefused) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("muxnet-no-policy-" + std::to_string(::getpid()) + ".json");
  const auto message = [&](const std::string& content) {
    std::ofstream(path) << content;
    return error_of([&] { load_policy(path); });
  };
  expect_text(message("{"), {"a saved policy", path.string()});
  expect_text(message("null"), {"[policy] expected an object, received null", path.string()});
  expect_text(message(R"({"format": "other"})"), {"muxnet-policy-5", "other"});
  expect_text(message(R"({"format": "muxnet-policy-5"})"), {"policy"});
  const auto policy = make_policy("learned_cascade");
  policy->fit(random_table(11, {.models = 2}));
  policy->save(path);
  std::ifstream file(path);
  std::string saved((std::istreambuf_iterator<char>(file)), {});
  const auto at = saved.find("\"exponents\": [") + 14;
  saved.replace(at, saved.find("]", at) - at, "");
  expect_text(message(saved), {"joint confidence", "an exponent for each model"});
  std::filesystem::remove(path);
  EXPECT_EQ(error_of<FileError>([&] { load_policy(path); }).empty(), false);
}

TEST(PolicyFile, ClassesAndCostsAreThoseThatTheFileCanMean) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("muxnet-policy-of-" + std::to_string(::getpid()) + ".json");
  const auto change = [&](const std::string& policy, const std::string& key,
                          const nlohmann::json& value) {
    const auto fitted = make_policy(policy);
    fitted->fit(random_table(11, {.models = 2}));
    fitted->save(path);
    auto saved = read_json(path);
    saved.at(key) = value;
    std::ofstream(path) << saved;
  };
  const auto message = [&](const std::string& policy, const std::string& key,
                           const nlohmann::json& value) {
    change(policy, key, value);
    return error_of([&] { load_policy(path); });
  };
  for (const std::int64_t classes : {-1L, 0L, 10'000'000L, 1L << 31}) {
    expect_text(message("always", "classes", classes), {"[always, classes]", text(classes)});
  }
  for (const std::string name : {"learned_cascade", "staged_cascade", "logistic_deferral"}) {
    expect_text(message(name, "classes", 1'000), {name, "1000 classes, as it has", "learnt from"});
  }
  for (const char* key : {"costs", "prices"}) {
    expect_text(message("always", key, {1.0, -1.0}), {"always", "costs of at least 0", "-1"});
    change("always", key, {0.0, 1.0});
    EXPECT_NO_THROW(load_policy(path));
  }
  expect_text(message("always", "multiplexer_cost", -2), {"costs of at least 0", "-2"});
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace muxnet
