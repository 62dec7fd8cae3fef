#include <cmath>

#include "muxnet/evaluation/curve.hpp"
#include "muxnet/policies/confidence.hpp"
#include "muxnet/policies/logistic.hpp"
#include "muxnet/policies/registry.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::random_table;

TEST(Logistic, finds_where_the_gradient_vanishes) {
  Random random(3);
  const Eigen::Index rows = 500;
  Eigen::MatrixXd x(rows, 3);
  Eigen::VectorXd y(rows), weights(rows);
  for (Eigen::Index i = 0; i < rows; ++i) {
    x.row(i) << random.normal(), random.normal(), 1.0;
    const double p = 1 / (1 + std::exp(-(2 * x(i, 0) - x(i, 1) + 0.5)));
    y[i] = random.uniform() < p ? 1 : 0;
    weights[i] = i % 4 == 0 ? 0 : 1;  // rows left out
  }
  const auto b = fit_logistic(x, y, weights, 0.5, Eigen::VectorXd::Zero(3));
  EXPECT_NEAR(b[0], 2, 0.5);
  EXPECT_NEAR(b[1], -1, 0.4);
  const Eigen::VectorXd p = (1 + (-(x * b).array()).exp()).inverse();
  Eigen::VectorXd gradient = x.transpose() * (weights.array() * (p - y).array()).matrix();
  gradient.head(2) += 0.5 * b.head(2);
  EXPECT_LT(gradient.norm(), 1e-2);
}

TEST(Logistic, stays_finite_where_one_column_tells_all) {
  Eigen::MatrixXd x(4, 2);
  x << -1, 1, -2, 1, 1, 1, 2, 1;
  const Eigen::VectorXd y = (Eigen::VectorXd(4) << 0, 0, 1, 1).finished();
  const Eigen::VectorXd ones = Eigen::VectorXd::Ones(4);
  const auto b = fit_logistic(x, y, ones, 1, Eigen::VectorXd::Zero(2));
  EXPECT_GT(b[0], 0.3);
  EXPECT_LT(b[0], 3);
  const auto all_right = fit_logistic(x, ones, ones, 1, Eigen::VectorXd::Zero(2));
  EXPECT_TRUE(all_right.allFinite());
}

TEST(JointConfidence, of_one_model_leaves_its_answer_alone) {
  const OutcomeTable table = random_table(3);
  const JointConfidence joint(table, {2});
  const OutcomeRows rows(table);
  std::vector<float> probabilities(5);
  for (const std::size_t row : {0U, 7U, 399U}) {
    const Evidence evidence = rows.at(row);
    EXPECT_EQ(joint.answer(evidence, probabilities), evidence.predictions[2]);
    EXPECT_EQ(probabilities[3], evidence.probabilities[2 * 5 + 3]);
    EXPECT_DOUBLE_EQ(joint.confidence(evidence), joint.fitted()[row]);
  }
}

TEST(JointConfidence, product_is_more_often_right_than_its_models) {
  const OutcomeTable learn = random_table(4, {.inputs = 4000});
  const OutcomeTable fresh = random_table(5, {.inputs = 4000, .split = "test"});
  const JointConfidence joint(learn, {2, 3});
  const OutcomeRows rows(fresh);
  std::vector<float> probabilities(5);
  double right = 0, log_loss = 0, base_loss = 0;
  const auto accuracy = fresh.accuracies();
  for (std::size_t row = 0; row < 4000; ++row) {
    const Evidence evidence = rows.at(row);
    const bool correct = joint.answer(evidence, probabilities) == fresh.labels()[row];
    double sum = 0;
    for (const float p : probabilities) sum += p;
    ASSERT_NEAR(sum, 1, 1e-5);
    right += correct ? 1 : 0;
    const double p = joint.confidence(evidence);
    log_loss -= std::log(correct ? p : 1 - p);
  }
  EXPECT_GT(right / 4000, std::max(accuracy[2], accuracy[3]));
  // Confidences are worth more than the plain share of right answers.
  const double share = right / 4000;
  base_loss = -4000 * (share * std::log(share) + (1 - share) * std::log(1 - share));
  EXPECT_LT(log_loss, 0.95 * base_loss);
}

TEST(JointConfidence, cross_fitted_values_do_not_know_their_own_row) {
  // Labels drawn apart from all answers: nothing can be learnt, and a regression that saw a row
  // leans towards what happened there.
  OutcomeFields fields = random_table(6, {.inputs = 300, .classes = 40}).fields();
  Random random(1);
  for (auto& label : fields.labels.span<std::int32_t>()) {
    label = static_cast<std::int32_t>(random.below(3));
  }
  const JointConfidence joint(OutcomeTable(fields), {0, 1, 2});
  const auto lean = [&](const std::vector<double>& confidences) {
    double right = 0, wrong = 0, rights = 0;
    for (std::size_t row = 0; row < 300; ++row) {
      (joint.quality()[row] > 0 ? right : wrong) += confidences[row];
      rights += joint.quality()[row];
    }
    return right / rights - wrong / (300 - rights);
  };
  EXPECT_GT(lean(joint.fitted()), 0.005);  // a strong penalty is chosen here
  EXPECT_LT(lean(joint.cross_fitted()), 0.5 * lean(joint.fitted()));
}

/// A cheap model that is always sure, and wrong on every other input of class 0 alone; the dear one
/// is right. Its confidence says nothing, its class all.
OutcomeTable overconfident(std::uint64_t seed, const std::string& split) {
  Random random(seed);
  std::vector<std::vector<float>> p;
  std::vector<std::int32_t> labels;
  for (int i = 0; i < 2000; ++i) {
    const bool says_one = random.uniform() < 0.5;
    const bool right = says_one || random.uniform() < 0.5;
    const auto sure = static_cast<float>(0.9 + 0.1 * random.uniform());
    labels.push_back(says_one == right ? 1 : 0);
    p.push_back({says_one ? sure : 1 - sure, labels.back() == 1 ? 0.99F : 0.01F});
  }
  return OutcomeTable(testing::two_class_fields(p, labels, {1, 10}, split));
}

TEST(LearnedCascade, knows_what_a_model_is_unsure_of_better_than_it_does) {
  const OutcomeTable learn = overconfident(1, "held_out");
  const OutcomeTable test = overconfident(2, "test");
  const auto plain = make_policy("cascade");
  const auto learned = make_policy("learned_cascade");
  for (const auto& policy : {plain.get(), learned.get()}) {
    policy->fit(learn);
    policy->choose_for_budget(6.2);
  }
  EXPECT_LT(evaluate(*plain, test).accuracy.value, 0.93);
  EXPECT_GT(evaluate(*learned, test).accuracy.value, 0.99);
  EXPECT_LT(evaluate(*learned, test).costs.at("macs").mean.value, 6.5);
}

TEST(LearnedCascade, is_above_the_max_softmax_cascade_where_models_complement_each_other) {
  const OutcomeTable learn = random_table(21, {.inputs = 4000});
  const OutcomeTable test = random_table(22, {.inputs = 4000, .split = "test"});
  const auto plain = make_policy("cascade");
  const auto learned = make_policy("learned_cascade");
  plain->fit(learn);
  learned->fit(learn);
  const auto area = area_between(*learned, *plain, test, {.bootstrap = {.resamples = 200}});
  EXPECT_GT(area.interval.low, 0);
}

TEST(LearnedCascade, takes_the_promising_of_many_models) {
  const OutcomeTable table = random_table(8, {.inputs = 300, .models = 11});
  const auto policy = make_policy("learned_cascade", {.max_models = 2, .bins = 10});
  policy->fit(table);
  EXPECT_GT(policy->operating_points().size(), 2U);
  expect_text(error_of([&] {
                policy->measure(table, {{"models", 3},
                                        {"model_0", 0},
                                        {"model_1", 1},
                                        {"model_2", 2},
                                        {"threshold_0", 0.5},
                                        {"threshold_1", 0.5}});
              }),
              {"learned_cascade", "chain of models that it has learnt"});
}

/// Labels alone: of each model and class one confidence, five where cross-fitted.
OutcomeTable labels_alone(std::uint64_t seed) {
  OutcomeFields fields = testing::answer_table(seed, {.inputs = 900, .classes = 3}).fields();
  fields.answer_scores = Tensor();
  fields.score_kinds.clear();
  return OutcomeTable(std::move(fields));
}

TEST(Settled, points_cost_what_the_rule_costs_on_their_inputs) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const OutcomeTable table = labels_alone(seed);
    for (const char* name : {"cascade", "learned_cascade", "logistic_deferral"}) {
      const auto policy = make_policy(name, {.cost_kind = "usd"});
      policy->fit(table);
      for (const auto& point : policy->operating_points()) {
        const auto again = policy->measure(table, point.parameters);
        EXPECT_NEAR(again.cost, point.cost, 1e-9) << name;
        EXPECT_LE(point.accuracy, again.accuracy + 0.02) << name;
        for (std::size_t i = 0; i < 3; ++i) {
          EXPECT_NEAR(again.called_shares[i], point.called_shares[i], 1e-9) << name;
        }
        policy->choose_for_budget(point.cost);
        EXPECT_LE(policy->measure(table, policy->point().parameters).cost, point.cost + 1e-9);
      }
      const double best = policy->prices()[policy->best_single()];
      const auto chosen = policy->within(best);
      ASSERT_TRUE(chosen.has_value());
      EXPECT_LE(policy->measure(table, chosen->parameters).cost, best + 1e-9);
    }
  }
}

}  // namespace
}  // namespace muxnet
