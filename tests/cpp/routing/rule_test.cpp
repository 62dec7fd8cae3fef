#include "muxnet/routing/rule.hpp"

#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::random_table;

class Repeats : public Rule {
 public:
  Step next(const Evidence&) const override { return {1, 0}; }
};

class AnswersUncalled : public Rule {
 public:
  Step next(const Evidence& evidence) const override {
    return evidence.called == 0 ? Step{1, 0} : Step{0, 2};
  }
};

TEST(Rule, replay_catches_rules_that_do_not_end_or_answer_from_nothing) {
  expect_text(error_of<std::logic_error>([] { Repeats().replay(random_table(1)); }),
              {"[rule]", "new model"});
  expect_text(error_of<std::logic_error>([] { AnswersUncalled().replay(random_table(1)); }),
              {"[rule]", "called models"});
}

TEST(Rule, combine_averages_the_models_it_answers_from) {
  const std::vector<float> probabilities{0.5F, 0.25F, 0.25F, 0, 0, 1, 0.1F, 0.8F, 0.1F};
  Evidence evidence;
  evidence.probabilities = probabilities;
  std::vector<float> mean(3, 7.0F);
  const Repeats rule;
  EXPECT_EQ(rule.combine(evidence, 0b101, mean), 1);
  EXPECT_FLOAT_EQ(mean[0], 0.3F);
  EXPECT_FLOAT_EQ(mean[1], 0.525F);
  EXPECT_EQ(rule.combine(evidence, 0b010, mean), 2);
  EXPECT_FLOAT_EQ(mean[2], 1.0F);
}

TEST(Rule, masks) {
  EXPECT_EQ(all_models(3), 7U);
  EXPECT_EQ(all_models(64), ~std::uint64_t{0});
  EXPECT_EQ(model_bit(63), std::uint64_t{1} << 63);
  std::vector<std::size_t> models;
  for (const std::size_t model : models_of(0b101001 | model_bit(63))) models.push_back(model);
  EXPECT_EQ(models, (std::vector<std::size_t>{0, 3, 5, 63}));
  EXPECT_EQ(models_of(0).begin(), models_of(0).end());
}

}  // namespace
}  // namespace muxnet
