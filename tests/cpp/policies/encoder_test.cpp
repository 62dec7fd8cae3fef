// Policies of a multiplexer that looks at what a model gives: that model runs first, for every
// input.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "muxnet/core/json_values.hpp"
#include "muxnet/policies/registry.hpp"
#include "muxnet/routing/record.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::random_table;

constexpr auto first = model_bit(0);

OutcomeTable encoded(std::uint64_t seed, const std::string& split = "held_out") {
  OutcomeFields fields = random_table(seed, {.split = split}).fields();
  fields.encoder = "model0";
  return OutcomeTable(std::move(fields));
}

std::vector<std::string> scored_policies() {
  std::vector<std::string> names;
  for (const auto& name : policies().names()) {
    if (make_policy(name)->needs().scores) names.push_back(name);
  }
  return names;
}

class PolicyWithEncoder : public ::testing::TestWithParam<std::string> {
 protected:
  PolicyWithEncoder() : policy_(make_policy(GetParam())) { policy_->fit(encoded(11)); }
  std::unique_ptr<Policy> policy_;
};

TEST_P(PolicyWithEncoder, PaysForTheModelOnceInEveryDecision) {
  const OutcomeTable test = encoded(12, "test");
  EXPECT_EQ(policy_->called_first(), first);
  for (const auto& point : policy_->operating_points()) {
    EXPECT_EQ(point.called_shares[0], 1);
    double cost = policy_->multiplexer_cost();
    for (std::size_t i = 0; i < 4; ++i) cost += point.called_shares[i] * policy_->costs()[i];
    EXPECT_NEAR(point.cost, cost, 1e-9);
    const Decisions decisions = policy_->decide(test, point);
    const auto costs = decisions.costs(test, "macs");
    for (std::size_t row = 0; row < costs.size(); ++row) {
      ASSERT_NE(decisions.called[row] & first, 0U);
      double paid = 0.25;
      for (const std::size_t i : models_of(decisions.called[row])) paid += policy_->costs()[i];
      EXPECT_DOUBLE_EQ(costs[row], paid);
    }
  }
  EXPECT_NEAR(policy_->operating_points().front().cost, 1.25, 1e-9);  // the model, and the look
}

TEST_P(PolicyWithEncoder, DecidesStepByStepAsInReplayAndByItsRecords) {
  const OutcomeTable test = encoded(12, "test");
  const auto rule = policy_->rule();
  const OutcomeRows rows(test);
  const Decisions replayed = policy_->decide(test);
  for (std::size_t row = 0; row < replayed.called.size(); ++row) {
    Evidence evidence = rows.at(row);
    const auto scores = std::exchange(evidence.scores, {});
    const auto weights = std::exchange(evidence.weights, {});
    ASSERT_EQ(rule->next(evidence).call, first);  // before there are any scores
    evidence.scores = scores;
    evidence.weights = weights;
    run_steps(*rule, evidence, [](const Evidence& before, const Step& step) {
      EXPECT_EQ(step.call & before.called, 0U);
    });
    EXPECT_EQ(evidence.called, replayed.called[row]);
  }
  for (const auto& again : replay_records(*policy_, record_decisions(*policy_, test))) {
    EXPECT_TRUE(again.same);
    EXPECT_EQ(again.called.front(), "model0");
  }
}

TEST_P(PolicyWithEncoder, ComesBackFromItsFileAndIsPricedAnewButNotWithoutIt) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("muxnet-encoder-" + GetParam() + std::to_string(::getpid()) + ".json");
  policy_->save(path);
  const auto again = load_policy(path);
  std::filesystem::remove(path);
  const OutcomeTable test = encoded(12, "test");
  EXPECT_EQ(again->decide(test).called, policy_->decide(test).called);
  again->reprice({10, 40, 160, 640}, 1);
  EXPECT_NEAR(again->operating_points().front().cost, 11, 1e-9);
  expect_text(error_of([&] { again->without(0); }), {"never calls 'model0'"});
}

TEST_P(PolicyWithEncoder, PlansNoFurtherThanWhatTheModelGives) {
  OutcomeFields fields = encoded(12).fields();
  fields.scores = fields.weights = Tensor();
  fields.encoder.clear();
  const OutcomeTable blind(std::move(fields));
  const auto plan = plan_decision(*policy_, OutcomeRows(blind).at(0));
  EXPECT_EQ(plan.dump(), R"({"awaits":["model0"],"call":["model0"],"then":[]})");
}

INSTANTIATE_TEST_SUITE_P(Scored, PolicyWithEncoder, ::testing::ValuesIn(scored_policies()));

/// It compares no costs, so that the same point decides alike.
TEST(Encoder, ChangesWhatIsPaidAndNotWhatAStagedCascadeAnswers) {
  const auto alone = make_policy("staged_cascade"), with = make_policy("staged_cascade");
  alone->fit(random_table(11));
  with->fit(encoded(11));
  const OutcomeTable test = encoded(12, "test");
  for (const auto& point : alone->operating_points()) {
    const Decisions one = alone->decide(test, point), other = with->decide(test, point);
    EXPECT_EQ(one.answers, other.answers);
    for (std::size_t row = 0; row < one.called.size(); ++row) {
      EXPECT_EQ(one.called[row] | first, other.called[row]);
    }
  }
}

TEST(Encoder, IsKeptInTheTablesFileAndItsParts) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("muxnet-encoder-" + std::to_string(::getpid()) + ".safetensors");
  encoded(3).save(path);
  const OutcomeTable found = OutcomeTable::load(path);
  std::filesystem::remove(path);
  EXPECT_EQ(found.called_first(), first);
  const std::vector<std::int64_t> rows{4, 2};
  EXPECT_EQ(found.subset(rows).called_first(), first);
  EXPECT_EQ(random_table(3).called_first(), 0U);
}

TEST(Encoder, IsAModelOfATableWithScores) {
  const auto refusal = [](const std::function<void(OutcomeFields&)>& change) {
    OutcomeFields fields = encoded(3).fields();
    change(fields);
    return error_of([&] { OutcomeTable table(std::move(fields)); });
  };
  expect_text(refusal([](auto& fields) { fields.encoder = "other"; }), {"encoder", "'other'"});
  expect_text(refusal([](auto& fields) { fields.scores = fields.weights = Tensor(); }),
              {"a multiplexer's output beside its encoder"});
}

TEST(Encoder, CostsNothingWhereNoPolicyLooksAtTheMultiplexer) {
  const auto policy = make_policy("learned_cascade");
  policy->fit(encoded(11));
  EXPECT_EQ(policy->called_first(), 0U);
}

}  // namespace
}  // namespace muxnet
