#include "muxnet/evaluation/evaluate.hpp"
#include "muxnet/policies/registry.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::random_table;

/// Of class 0 the cheap model is unsure, and the dear one no better; of class 1 it is less unsure,
/// and the dear one always right. Confidence defers where it does not help.
OutcomeTable hopeless_and_hopeful(std::uint64_t seed, const std::string& split) {
  Random random(seed);
  std::vector<std::vector<float>> p;
  std::vector<std::int32_t> labels;
  for (int i = 0; i < 2000; ++i) {
    const bool says_one = random.uniform() < 0.5;
    const bool right = random.uniform() < 0.6;
    const auto sure = static_cast<float>((says_one ? 0.8 : 0.6) + 0.1 * random.uniform());
    const bool dear_right = says_one || random.uniform() < 0.6;
    const int label = says_one == right ? 1 : 0;
    labels.push_back(label);
    p.push_back({says_one ? sure : 1 - sure, (label == 1) == dear_right ? 0.99F : 0.01F});
  }
  return OutcomeTable(testing::two_class_fields(p, labels, {1, 10}, split));
}

TEST(LogisticDeferral, calls_the_dearer_model_where_that_helps) {
  const OutcomeTable learn = hopeless_and_hopeful(1, "held_out");
  const OutcomeTable test = hopeless_and_hopeful(2, "test");
  const auto plain = make_policy("cascade");
  const auto learned = make_policy("logistic_deferral");
  for (const auto& policy : {plain.get(), learned.get()}) {
    policy->fit(learn);
    policy->choose_for_budget(6.2);
  }
  EXPECT_LT(evaluate(*plain, test).accuracy.value, 0.7);
  EXPECT_GT(evaluate(*learned, test).accuracy.value, 0.77);
}

TEST(LogisticDeferral, runs_one_model_or_two) {
  const OutcomeTable table = random_table(8, {.inputs = 300, .models = 3});
  const auto policy = make_policy("logistic_deferral");
  policy->fit(table);
  for (const auto& point : policy->operating_points()) {
    EXPECT_LE(point.parameters.at("models"), 2);
  }
  expect_text(error_of([&] {
                policy->measure(table, {{"models", 3},
                                        {"model_0", 0},
                                        {"model_1", 1},
                                        {"model_2", 2},
                                        {"threshold_0", 0.5},
                                        {"threshold_1", 0.5}});
              }),
              {"logistic_deferral", "a pair that it has learnt", "3 models"});
}

}  // namespace
}  // namespace muxnet
