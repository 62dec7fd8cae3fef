#include "muxnet/policies/registry.hpp"
#include "muxnet/routing/policy.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::random_table;

std::unique_ptr<Policy> fitted(const char* name, const OutcomeTable& table) {
  auto policy = make_policy(name, {.bins = 30});
  policy->fit(table);
  return policy;
}

TEST(Prices, of_a_cascade_are_those_of_a_cascade_fitted_at_them) {
  const OutcomeTable held_out = random_table(1, {.inputs = 1000, .models = 3});
  OutcomeFields dearer = held_out.fields();
  dearer.costs["macs"] = {4, 5, 6};  // the cheap model is hardly cheaper now
  const auto anew = fitted("cascade", OutcomeTable(dearer));
  const auto policy = fitted("cascade", held_out);
  policy->reprice({4, 5, 6});
  EXPECT_LE(policy->point().cost, 6);
  for (const double budget : {4.0, 5.0, 6.0, 8.0}) {
    anew->choose_for_budget(budget);
    policy->choose_for_budget(budget);
    EXPECT_NEAR(policy->point().accuracy, anew->point().accuracy, 0.01) << budget;
    EXPECT_LE(policy->point().cost, budget);
  }
}

TEST(Prices, are_kept_in_the_file) {
  const auto policy = fitted("cascade", random_table(1, {.models = 3}));
  policy->reprice({4, 5, 6}, 1.5);
  const auto path = std::filesystem::temp_directory_path() / "muxnet-prices.json";
  policy->save(path);
  const auto again = load_policy(path);
  std::filesystem::remove(path);
  EXPECT_EQ(again->prices(), policy->prices());
  EXPECT_EQ(again->multiplexer_cost(), 1.5);
  ASSERT_EQ(again->operating_points().size(), policy->operating_points().size());
  again->reprice({1, 4, 16}, 0);
  policy->reprice({1, 4, 16}, 0);
  EXPECT_EQ(again->point().parameters, policy->point().parameters);
}

TEST(Prices, that_are_none_change_nothing) {
  const auto policy = fitted("cascade", random_table(1, {.models = 3}));
  const double cost = policy->point().cost;
  expect_text(error_of([&] { policy->reprice({1, 2}); }), {"cascade.reprice", "3 costs", "2"});
  expect_text(error_of([&] {
                policy->reprice({1, -1, 2});
              }),
              {"costs of at least 0", "-1 for 'model1'"});
  expect_text(error_of([&] {
                policy->reprice({1, 2, 3}, -1);
              }),
              {"multiplexer cost of at least 0", "-1"});
  EXPECT_EQ(policy->point().cost, cost);
  EXPECT_EQ(policy->prices(), (std::vector<double>{1, 4, 16}));
  expect_text(error_of([] { make_policy("cascade")->reprice({1}); }), {"call fit first"});
}

TEST(Without, a_model_is_never_called_again) {
  const OutcomeTable held_out = random_table(1, {.inputs = 1000, .models = 4});
  for (const char* name : {"cascade", "learned_cascade", "logistic_deferral", "random_mixing"}) {
    const auto policy = fitted(name, held_out);
    EXPECT_EQ(policy->best_single(), 3U);
    policy->without(3);
    EXPECT_EQ(policy->best_single(), 2U);
    EXPECT_GE(policy->operating_points().size(), 3U) << name;
    for (const auto& point : policy->operating_points()) {
      EXPECT_EQ(point.called_shares[3], 0) << name;
      EXPECT_EQ(policy->decide(held_out, point).called_shares(4)[3], 0) << name;
    }
    policy->without(0);
    policy->reprice({1, 1, 1, 1});
    EXPECT_GE(policy->operating_points().size(), 1U) << name;
    EXPECT_EQ(policy->point().called_shares[0], 0) << name;
  }
}

TEST(Without, says_when_no_point_is_left) {
  const OutcomeTable held_out = random_table(1, {.models = 2});
  const auto policy = fitted("hybrid_single", held_out);
  const auto count = policy->operating_points().size();
  expect_text(error_of([&] { policy->without(1); }),
              {"hybrid_single.without", "'model1'", "fit anew"});
  expect_text(error_of([&] { policy->without(2); }), {"a model below 2", "2"});
  EXPECT_EQ(policy->operating_points().size(), count);
}

}  // namespace
}  // namespace muxnet
