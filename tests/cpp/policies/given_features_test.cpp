#include <cmath>
#include <filesystem>
#include <limits>

#include "muxnet/policies/registry.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::answer_table;
using testing::error_of;
using testing::expect_text;

/// What tells whether an answer is right: 1 where the model gives the label, else -1, and noise.
std::vector<float> telling(const OutcomeTable& table, double noise) {
  Random random(9);
  std::vector<float> result;
  for (const float quality : table.quality().span<float>()) {
    const double sign = quality > 0.5F ? 1 : -1;
    result.push_back(static_cast<float>(sign + noise * random.normal()));
  }
  return result;
}

/// Answers with a score that says nothing and, as a second kind, one that tells.
OutcomeFields two_scores(std::uint64_t seed, const std::string& split) {
  const OutcomeTable table = answer_table(seed, {.inputs = 2000, .split = split});
  OutcomeFields fields = table.fields();
  const auto second = telling(table, 0.5);
  fields.score_kinds = {"score", "tells"};
  fields.answer_scores = Tensor({2000, table.model_count(), 2});
  const auto scores = fields.answer_scores.span<float>();
  for (std::size_t cell = 0; cell < second.size(); ++cell) {
    scores[2 * cell] = static_cast<float>(cell % 7);
    scores[2 * cell + 1] = cell % 13 == 0 ? std::numeric_limits<float>::quiet_NaN() : second[cell];
  }
  return fields;
}

OutcomeFields first_score(OutcomeFields fields) {
  return OutcomeTable(std::move(fields)).of_score_kinds({"score"}).fields();
}

double quality_at_half_the_price(const Policy& policy, const OutcomeTable& test) {
  const double price = policy.prices()[policy.best_single()];
  const auto point = policy.within(0.5 * price);
  return point ? policy.measure(test, point->parameters).accuracy : 0.0;
}

std::unique_ptr<Policy> fitted(OutcomeFields fields) {
  auto policy = make_policy("learned_cascade", {.cost_kind = "usd"});
  policy->fit(OutcomeTable(std::move(fields)));
  return policy;
}

TEST(GivenFeatures, a_further_score_is_learnt_from) {
  const auto held_out = two_scores(1, "held_out"), test = two_scores(2, "test");
  const double with = quality_at_half_the_price(*fitted(held_out), OutcomeTable(test));
  const double without =
      quality_at_half_the_price(*fitted(first_score(held_out)), OutcomeTable(first_score(test)));
  EXPECT_GT(with, without + 0.05);
}

TEST(GivenFeatures, features_of_the_input_are_learnt_from) {
  const auto with_features = [](std::uint64_t seed, const std::string& split) {
    OutcomeFields fields = first_score(two_scores(seed, split));
    const OutcomeTable table(fields);
    fields.features = Tensor({2000, 2});
    const auto telling_each = telling(table, 0.5);
    const auto models = static_cast<std::size_t>(table.model_count());
    for (std::size_t row = 0; row < 2000; ++row) {
      fields.features.data<float>()[2 * row] = telling_each[row * models];
      fields.features.data<float>()[2 * row + 1] = static_cast<float>(row % 5);
    }
    return fields;
  };
  const auto held_out = with_features(1, "held_out"), test = with_features(2, "test");
  OutcomeFields blind_held_out = held_out, blind_test = test;
  blind_held_out.features = blind_test.features = Tensor();
  const auto policy = fitted(held_out);
  const double with = quality_at_half_the_price(*policy, OutcomeTable(test));
  const double without =
      quality_at_half_the_price(*fitted(blind_held_out), OutcomeTable(blind_test));
  EXPECT_GT(with, without + 0.03);
  expect_text(error_of([&] { quality_at_half_the_price(*policy, OutcomeTable(blind_test)); }),
              {"2 features of the input", "0 features"});
}

TEST(GivenFeatures, scores_are_found_by_their_kind) {
  const auto policy = fitted(two_scores(1, "held_out"));
  const OutcomeTable test(two_scores(2, "test"));
  const OutcomeTable turned = test.of_score_kinds({"tells", "score"});
  EXPECT_EQ(policy->decide(test).called, policy->decide(turned).called);
  expect_text(error_of([&] { policy->decide(test.of_score_kinds({"score"})); }),
              {"scores of the kind 'tells'", "received score"});
}

TEST(GivenFeatures, come_back_from_a_file) {
  const auto policy = fitted(two_scores(1, "held_out"));
  const auto path = std::filesystem::path(::testing::TempDir()) / "given_features.json";
  policy->save(path);
  const OutcomeTable test(two_scores(2, "test"));
  EXPECT_EQ(load_policy(path)->decide(test).called, policy->decide(test).called);
}

}  // namespace
}  // namespace muxnet
