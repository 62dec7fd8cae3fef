#include "muxnet/routing/answer_calibration.hpp"

#include <cmath>
#include <numeric>

#include "muxnet/core/json_values.hpp"
#include "muxnet/policies/registry.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::answer_table;
using testing::error_of;
using testing::expect_text;
using testing::random_table;

constexpr float none = std::numeric_limits<float>::quiet_NaN();

/// Answers 0 and 1 of three classes; right with probability s where 0 is said with score s, never
/// where 1 is, whose label is 2 nine times of ten.
struct Recorded {
  std::vector<std::int32_t> answers, labels;
  std::vector<float> scores, quality;

  explicit Recorded(std::size_t n) {
    Random random(1);
    for (std::size_t row = 0; row < n; ++row) {
      const bool first = random.uniform() < 0.5;
      const double score = random.uniform();
      std::int32_t label = 0;
      if (first) {
        label = random.uniform() < score ? 0 : static_cast<std::int32_t>(1 + random.below(2));
      } else {
        label = random.uniform() < 0.9 ? 2 : 0;
      }
      answers.push_back(first ? 0 : 1);
      labels.push_back(label);
      scores.push_back(static_cast<float>(score));
      quality.push_back(answers.back() == label ? 1.0F : 0.0F);
    }
  }
  ScoreCalibration learnt() const { return {answers, scores, quality, labels, 3}; }
};

TEST(ScoreCalibration, learns_how_often_a_score_is_right) {
  const ScoreCalibration calibration = Recorded(20000).learnt();
  for (const float score : {0.1F, 0.35F, 0.6F, 0.9F}) {
    EXPECT_NEAR(calibration.confidence(0, score), score, 0.04);
    EXPECT_LT(calibration.confidence(1, score), 0.03);
  }
  double before = 0;
  for (float score = -1; score < 2; score += 0.05F) {
    const double now = calibration.confidence(0, score);
    EXPECT_GE(now, before);
    before = now;
  }
  EXPECT_NEAR(calibration.confidence(0, -50), calibration.confidence(0, 0), 0.03);  // no lower
}

TEST(ScoreCalibration, tells_scores_from_those_that_it_has_learnt_from) {
  const ScoreCalibration calibration = Recorded(20000).learnt();
  for (const float score : {0.05F, 0.5F, 0.95F}) EXPECT_FALSE(calibration.beyond(score));
  for (const float score : {-0.1F, 1.1F, 93.0F}) EXPECT_TRUE(calibration.beyond(score));
  const std::vector<float> few{1, 2, 2};
  const ScoreCalibration scale({std::vector<std::int32_t>(3)}, few, few, {}, 2);
  EXPECT_FALSE(scale.beyond(1) || scale.beyond(2));
  EXPECT_TRUE(scale.beyond(0.99F) && scale.beyond(2.01F));
}

TEST(ScoreCalibration, says_what_a_wrong_answer_is) {
  const ScoreCalibration calibration = Recorded(20000).learnt();
  std::vector<float> p(3);
  EXPECT_EQ(calibration.fill(1, 0.7F, {}, p), 2);
  EXPECT_NEAR(p[2], 0.9F, 0.03F);
  EXPECT_NEAR(std::accumulate(p.begin(), p.end(), 0.0), 1, 1e-5);
  EXPECT_EQ(calibration.fill(0, 0.9F, {}, p), 0);
  EXPECT_NEAR(p[1], p[2], 0.02F);
}

TEST(ScoreCalibration, knows_little_of_what_it_has_not_met) {
  const Recorded recorded(2000);
  const ScoreCalibration calibration = recorded.learnt();
  const double mean = std::accumulate(recorded.quality.begin(), recorded.quality.end(), 0.0) / 2000;
  EXPECT_NEAR(calibration.confidence(0, none), mean, 0.3);
  EXPECT_TRUE(std::isfinite(calibration.confidence(2, 0.5F)));  // never answered
  std::vector<float> p(3);
  calibration.fill(2, none, {}, p);
  EXPECT_NEAR(std::accumulate(p.begin(), p.end(), 0.0), 1, 1e-5);
}

TEST(ScoreCalibration, works_without_any_score) {
  const std::vector<std::int32_t> answers{0, 0, 0, 1, 1, 1}, labels{0, 0, 0, 1, 0, 0};
  const std::vector<float> scores(6, none), quality{1, 1, 1, 1, 0, 0};
  const ScoreCalibration calibration(answers, scores, quality, labels, 2);
  EXPECT_GT(calibration.confidence(0, none), calibration.confidence(1, none));
}

TEST(ScoreCalibration, lists_the_likeliest_of_many_classes) {
  std::vector<std::int32_t> answers, labels;
  std::vector<float> scores, quality;
  for (std::int32_t row = 0; row < 400; ++row) {
    answers.push_back(70);
    labels.push_back(row % 4 == 0 ? 70 : 200 + row % 3);
    scores.push_back(static_cast<float>(row % 10));
    quality.push_back(row % 4 == 0 ? 1.0F : 0.0F);
  }
  const ScoreCalibration calibration(answers, scores, quality, labels, 1000);
  std::vector<std::int32_t> listed(kept_classes);
  std::vector<float> values(kept_classes);
  EXPECT_EQ(calibration.fill(70, 4, listed, values), listed.front());
  EXPECT_TRUE(std::is_sorted(values.rbegin(), values.rend()));
  const Distribution said{values, listed, 1000};
  EXPECT_NEAR(said.at(70), 0.25F, 0.1F);
  EXPECT_GT(said.at(201), 0.15F);
  EXPECT_LT(said.at(3), 0.001F);
  EXPECT_GT(said.other(), 0.0F);
}

TEST(ScoreCalibration, lists_an_answer_only_where_it_is_among_the_likeliest) {
  // Of 81 classes one answer, "unknown", is never right.
  constexpr std::int32_t unknown = 80;
  const std::vector<std::int32_t> answers(4000, unknown);
  std::vector<std::int32_t> labels;
  for (std::int32_t row = 0; row < 4000; ++row) labels.push_back(row % 80);
  const std::vector<float> scores(4000, 0.0F), quality(4000, 0.0F);
  const ScoreCalibration calibration(answers, scores, quality, labels, 81);
  std::vector<std::int32_t> listed(kept_classes);
  std::vector<float> values(kept_classes);
  EXPECT_EQ(calibration.fill(unknown, 0, listed, values), listed.front());
  EXPECT_EQ(std::count(listed.begin(), listed.end(), unknown), 0);
  const Distribution said{values, listed, 81};
  EXPECT_GE(values.back() + 1e-6F, said.other());
  EXPECT_NEAR(said.at(unknown), 1.0F / 81, 0.002F);
  OutcomeFields fields;
  fields.models = {"m0"};
  fields.predictions = Tensor::from(answers, {4000, 1});
  fields.labels = Tensor::from(labels, {4000});
  fields.costs["macs"] = {1};
  fields.classes = 81;
  const OutcomeTable table(std::move(fields));
  EXPECT_TRUE(AnswerCalibration(table).applied(table).distributed());
  EXPECT_TRUE(AnswerCalibration::cross_fitted(table).distributed());
}

TEST(ScoreCalibration, comes_back_from_json_and_is_checked) {
  const ScoreCalibration one = Recorded(500).learnt();
  const ScoreCalibration again(one.to_json(), 3);
  std::vector<float> p(3), q(3);
  for (const std::int32_t answer : {0, 1, 2}) {
    one.fill(answer, 0.3F, {}, p);
    again.fill(answer, 0.3F, {}, q);
    EXPECT_EQ(p, q);
  }
  auto content = one.to_json();
  content["own"].push_back(0.5);
  expect_text(error_of([&] { ScoreCalibration(content, 3); }), {"calibration", "all bins"});
  content = one.to_json();
  content["wrong"].push_back({0, 3, 1.0});
  expect_text(error_of([&] { ScoreCalibration(content, 3); }), {"classes below 3"});
}

TEST(AnswerCalibration, leaves_each_row_out_of_its_own) {
  const OutcomeTable table = answer_table(1, {.inputs = 60});
  const AnswerCalibration calibration(table);
  const OutcomeTable fitted = calibration.applied(table);
  const OutcomeTable left_out = AnswerCalibration::cross_fitted(table);
  ASSERT_TRUE(fitted.distributed());
  const auto labels = table.labels();
  double own = 0, others = 0;
  for (std::size_t row = 0; row < 60; ++row) {
    own += std::log(static_cast<double>(fitted.distribution(row, 0).at(labels[row])));
    others += std::log(static_cast<double>(left_out.distribution(row, 0).at(labels[row])));
  }
  EXPECT_GT(own, others);
}

TEST(AnswerCalibration, learns_of_a_model_by_all_that_it_answered) {
  const OutcomeTable whole = answer_table(1);
  OutcomeFields fields = whole.fields();
  const auto models = static_cast<std::size_t>(whole.model_count());
  for (std::size_t row = 0; row < 600; row += 2) {
    fields.predictions.span<std::int32_t>()[row * models + 2] = no_answer;
    fields.answer_scores.span<float>()[row * models + 2] = std::nanf("");
  }
  const OutcomeTable table(std::move(fields));
  const auto said = [](const OutcomeTable& from, std::size_t model) {
    std::vector<float> values(5);
    AnswerCalibration(from).fill(model, 1, 105.0F, {}, values);
    return values;
  };
  EXPECT_EQ(said(table, 0), said(whole, 0));
  EXPECT_EQ(said(table, 2), said(table.complete(), 2));
  EXPECT_NE(said(table.complete(), 0), said(whole, 0));
  const auto policy = make_policy("learned_cascade", {.cost_kind = "usd"});
  policy->fit(table);
  EXPECT_EQ(policy->calibration()->to_json(), AnswerCalibration(table).to_json());
}

/// Policies on answers alone: those of evidence as service has it, and of a table.
class OnAnswers : public ::testing::TestWithParam<std::string> {};

TEST_P(OnAnswers, a_replay_decides_as_the_rule_does) {
  for (const bool quality : {false, true}) {
    const auto policy = make_policy(GetParam(), {.cost_kind = "usd"});
    policy->fit(answer_table(2, {.quality = quality}));
    const OutcomeTable test = answer_table(3, {.split = "test", .quality = quality});
    const auto decisions = policy->decide(test);
    const auto rule = policy->rule();
    const OutcomeRows rows(test);
    for (std::size_t row = 0; row < decisions.called.size(); ++row) {
      Evidence evidence = rows.at(row);
      const Step last = run_steps(*rule, evidence, [](const Evidence&, const Step&) {});
      EXPECT_EQ(evidence.called, decisions.called[row]);
      EXPECT_EQ(rule->combine(evidence, last.answer_from, {}), decisions.answers[row]);
    }
    const double accuracy = policy->measure(test, policy->point().parameters).accuracy;
    EXPECT_GT(accuracy, test.accuracies()[0]);
    EXPECT_NO_THROW(decisions.quality(test));  // an answer that some model gave
  }
}

TEST_P(OnAnswers, come_back_from_a_file) {
  const auto policy = make_policy(GetParam(), {.cost_kind = "usd"});
  policy->fit(answer_table(2, {.quality = true}));
  EXPECT_TRUE(policy->by_quality());
  policy->fit(answer_table(2));
  EXPECT_FALSE(policy->by_quality());
  const auto path = std::filesystem::path(::testing::TempDir()) / ("answers_" + GetParam());
  policy->save(path);
  const auto again = load_policy(path);
  std::filesystem::remove(path);
  const OutcomeTable test = answer_table(3, {.split = "test"});
  EXPECT_EQ(policy->decide(test).answers, again->decide(test).answers);
  EXPECT_EQ(policy->version(), again->version());
  EXPECT_FALSE(again->by_quality());
  auto fields = test.fields();
  fields.score_kinds = {"logit"};
  expect_text(error_of([&] { again->decide(OutcomeTable(fields)); }),
              {"scores of the kind 'score'", "received logit"});
  fields.score_kinds = {};
  fields.answer_scores = Tensor();
  expect_text(error_of([&] { again->decide(OutcomeTable(fields)); }), {"received none"});
}

INSTANTIATE_TEST_SUITE_P(Routing, OnAnswers,
                         ::testing::Values("cascade", "learned_cascade", "logistic_deferral",
                                           "average_ensemble"));

TEST(OnAnswersOrDistributions, fitted_on_one_the_other_is_refused) {
  const auto policy = make_policy("cascade");
  policy->fit(random_table(1));
  auto fields = random_table(2, {.split = "test"}).fields();
  fields.predictions = random_table(2).predictions();
  fields.probabilities = Tensor();
  expect_text(error_of([&] { policy->decide(OutcomeTable(fields)); }),
              {"cascade", "probabilities", "answers alone"});
}

}  // namespace
}  // namespace muxnet
