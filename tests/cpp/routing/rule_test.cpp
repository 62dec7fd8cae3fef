#include "muxnet/routing/rule.hpp"
#include "muxnet/routing/known_answers.hpp"

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
  const std::vector<std::vector<float>> said{{0.5F, 0.25F, 0.25F}, {0, 0, 1}, {0.1F, 0.8F, 0.1F}};
  KnownAnswers answers(1, 3, AnswerForm::of_distributions(3));
  for (std::size_t model = 0; model < 3; ++model) answers.store(0, model, said[model]);
  Evidence evidence;
  answers.show(0, evidence);
  std::vector<float> mean(3, 7.0F);
  const Repeats rule;
  EXPECT_EQ(rule.combine(evidence, 0b101, mean), 1);
  EXPECT_FLOAT_EQ(mean[0], 0.3F);
  EXPECT_FLOAT_EQ(mean[1], 0.525F);
  EXPECT_EQ(rule.combine(evidence, 0b010, mean), 2);
  EXPECT_FLOAT_EQ(mean[2], 1.0F);
}

TEST(Rule, combine_averages_the_likeliest_of_many_classes) {
  std::vector<float> one(100, 0.002F), other(100, 0.005F);
  one[7] = 0.802F;
  other[7] = 0.255F;
  other[9] = 0.255F;
  KnownAnswers answers(1, 2, AnswerForm::of_distributions(100));
  answers.store(0, 0, one);
  answers.store(0, 1, other);
  Evidence evidence;
  answers.show(0, evidence);
  EXPECT_EQ(evidence.top_classes.size(), 2 * kept_classes);
  const Repeats rule;
  std::vector<float> mean(100);
  EXPECT_EQ(rule.combine(evidence, 0b11, mean), 7);
  EXPECT_NEAR(mean[7], (one[7] + other[7]) / 2, 1e-6);
  EXPECT_NEAR(mean[9], (one[9] + other[9]) / 2, 1e-6);
  EXPECT_NEAR(mean[80], (one[80] + other[80]) / 2, 1e-6);
  EXPECT_EQ(rule.combine(evidence, 0b10, mean), 7);
  EXPECT_EQ(mean, other);  // of one model what it said, whole
}

TEST(Rule, combine_lets_answers_without_distributions_vote) {
  KnownAnswers answers(1, 4, {6, 0, 1});
  const std::vector<float> scores{3, 1, 2, 9};
  const std::vector<std::int32_t> said{5, 2, 2, 4};
  for (std::size_t model = 0; model < 4; ++model) {
    answers.store(0, model, said[model], {&scores[model], 1});
  }
  Evidence evidence;
  answers.show(0, evidence);
  const Repeats rule;
  std::vector<float> all(6);
  EXPECT_EQ(rule.combine(evidence, 0b0111, all), 2);
  EXPECT_EQ(all, (std::vector<float>{0, 0, 1, 0, 0, 0}));
  EXPECT_EQ(rule.combine(evidence, 0b1011, {}), 4);  // of equals the surest
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
