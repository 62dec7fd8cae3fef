#include "muxnet/evaluation/study.hpp"

#include <algorithm>
#include <numeric>

#include "muxnet/evaluation/guarantee.hpp"
#include "muxnet/policies/registry.hpp"
#include "muxnet/routing/division.hpp"
#include "support/tables.hpp"
#include "support/temporary_folder.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::random_table;
using testing::two_class_fields;

const PolicyStudy& named(const Study& found, const std::string& name) {
  return *std::find_if(found.policies.begin(), found.policies.end(),
                       [&](const PolicyStudy& entry) { return entry.name == name; });
}

StudyOptions quick() {
  StudyOptions options;
  options.policies = studied_policies();
  options.policy = "learned_cascade";
  options.bootstrap.resamples = 200;
  return options;
}

/// What a program does with a table of recorded answers: nothing else is needed.
class Studied : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const testing::TemporaryFolder folder;
    const auto path = folder.path() / "answers.safetensors";
    random_table(31, {.inputs = 1200, .split = ""}).save(path);
    parts_ = std::make_unique<Division>(divide(OutcomeTable::load(path), 0.5, 3));
    found_ = std::make_unique<Study>(study(make_policy, parts_->held_out, parts_->test, quick()));
  }
  static void TearDownTestSuite() {
    parts_.reset();
    found_.reset();
  }

  const OutcomeTable& test() const { return parts_->test; }
  double unit() const { return test().costs("macs")[found_->best_single]; }
  std::unique_ptr<Policy> fitted(const std::string& name) const {
    auto policy = make_policy(name);
    policy->fit(parts_->held_out);
    return policy;
  }

  static inline std::unique_ptr<Division> parts_;
  static inline std::unique_ptr<Study> found_;
};

TEST_F(Studied, KnowsTheModels) {
  EXPECT_EQ(found_->cost_kind, "macs");
  EXPECT_EQ(found_->best_single, best_single_model(parts_->held_out, "macs"));
  ASSERT_EQ(found_->models.size(), 4U);
  EXPECT_EQ(found_->models[2].name, "model2");
  EXPECT_EQ(found_->models[2].cost, 16);
  EXPECT_DOUBLE_EQ(found_->models[2].accuracy.value, test().accuracies()[2]);
  EXPECT_EQ(found_->models[2].only_right, only_right(test())[2]);
  EXPECT_EQ(found_->diversity.oracle_gain, diversity(test(), found_->best_single).oracle_gain);
}

TEST_F(Studied, FitsEveryPolicyThatTheTableSufficesFor) {
  EXPECT_EQ(found_->policies.size(), studied_policies().size() + 1);  // cascades of two
  EXPECT_TRUE(found_->left_out.empty());
  const auto plain = random_table(33, {.inputs = 300, .with_router = false});
  const auto parts = divide(plain);
  const auto less = study(make_policy, parts.held_out, parts.test, quick());
  EXPECT_EQ(less.policies.size(), found_->policies.size() - 4);
  ASSERT_EQ(less.left_out.size(), 4U);
  EXPECT_EQ(less.left_out[0].policy, "hybrid_single");
  EXPECT_EQ(less.left_out[0].want, "a multiplexer's scores");
  EXPECT_EQ(less.left_out[2].want, "features of the inputs");
}

TEST_F(Studied, MeasuresAPolicyAtBudgetsAndOverThem) {
  const auto policy = fitted("cascade");
  const auto& cascade = named(*found_, "cascade");
  for (const auto& [share, accuracy] : cascade.accuracy_at) {
    const auto point = policy->within(share * unit());
    ASSERT_EQ(point.has_value(), accuracy.has_value());
    if (!point) continue;
    EXPECT_EQ(*accuracy, evaluate(*policy, *point, test()).accuracy.value);
  }
  EXPECT_EQ(cascade.accuracy_at.size(), 6U);
  const auto curve = accuracy_cost_curve(*policy, test());
  ASSERT_EQ(cascade.curve.size(), curve.points.size());
  EXPECT_EQ(cascade.curve.back().cost, curve.points.back().cost / unit());
  CurveOptions options;
  options.bootstrap = quick().bootstrap;
  options.up_to = unit();
  const auto area = area_between(*policy, *fitted("random_mixing"), test(), options);
  EXPECT_EQ(cascade.area->value, area.value);
  EXPECT_EQ(cascade.area->interval.low, area.interval.low);
  EXPECT_GT(cascade.area->value, 0);
  for (const char* single : {"random_mixing", "oracle", "average_ensemble"}) {
    EXPECT_FALSE(named(*found_, single).area.has_value()) << single;
  }
  // A share of the gap is recovered where the curve first reaches it.
  const auto& recovered = cascade.recovered;
  ASSERT_EQ(recovered.size(), 4U);
  double least = 1e9;
  for (const auto& point : cascade.curve) {
    if (point.accuracy >= found_->models[found_->best_single].accuracy.value) {
      least = std::min(least, point.cost);
    }
  }
  EXPECT_EQ(recovered.at(1.0).value_or(1e9), least);
}

TEST_F(Studied, ChoosesWhatSavesAndWhatGains) {
  const auto policy = fitted("learned_cascade");
  const double accuracy = parts_->held_out.accuracies()[found_->best_single];
  const auto at = policy->cheapest_as_good(accuracy);
  ASSERT_TRUE(at && found_->saving && found_->gain);
  const auto& point = policy->operating_points()[*at];
  EXPECT_GE(point.accuracy, accuracy);
  ASSERT_GT(*at, 0U);
  EXPECT_LT(policy->operating_points()[*at - 1].accuracy, accuracy);
  const auto saving = evaluate(*policy, point, test());
  EXPECT_EQ(found_->saving->accuracy, saving.accuracy.value);
  EXPECT_EQ(found_->saving->cost, saving.costs.at("macs").mean.value / unit());
  EXPECT_NEAR(found_->saving->difference.value,
              saving.accuracy.value - found_->models[found_->best_single].accuracy.value, 1e-12);
  const auto gain = evaluate(*policy, *policy->within(unit()), test());
  EXPECT_EQ(found_->gain->accuracy, gain.accuracy.value);
  EXPECT_LE(found_->gain->cost, 1.1);
  EXPECT_EQ(found_->verdict, judge(found_->saving, found_->gain));
  // These models' errors are independent.
  EXPECT_EQ(found_->verdict, Verdict::pays_at_full_cost);
}

TEST_F(Studied, LooksCloselyAtTheDefaultPoint) {
  const auto policy = fitted("learned_cascade");
  const auto expected = evaluate(*policy, test(), {quick().bootstrap});
  EXPECT_EQ(found_->details.regret.value, expected.regret.value);
  EXPECT_EQ(found_->details.regret.interval.high, expected.regret.interval.high);
  EXPECT_EQ(found_->details.recovered, named(*found_, "learned_cascade").recovered);
  EXPECT_EQ(found_->details.auroc.size(), 4U);
  EXPECT_EQ(found_->details.classes.size(), 5U);
  std::int64_t inputs = 0;
  for (const auto& level : found_->details.hardness) inputs += level.inputs;
  EXPECT_EQ(inputs, test().size());
}

Choice choice(double cost, double low, double high) {
  const Estimate difference{(low + high) / 2, {low, high}};
  return {cost, 0.9, difference, difference, {}};
}

TEST(Judge, SaysWhatTheIntervalsShow) {
  EXPECT_EQ(judge({}, {}), Verdict::does_not_pay);
  EXPECT_EQ(judge({}, choice(1, 0.001, 0.01)), Verdict::pays_at_full_cost);
  EXPECT_EQ(judge(choice(1, 0.001, 0.01), choice(0.5, -0.006, 0)), Verdict::pays_at_full_cost);
  EXPECT_EQ(judge(choice(0.5, -0.004, 0.001), {}), Verdict::pays);
  EXPECT_EQ(judge(choice(0.96, -0.004, 0.001), {}), Verdict::does_not_pay);
  EXPECT_EQ(judge(choice(0.5, -0.006, 0.001), choice(1, -0.01, 0)), Verdict::unclear);
  EXPECT_EQ(judge(choice(0.5, -0.006, -0.001), {}), Verdict::does_not_pay);
  // What one model does alone is not multiplexed, nor is what its answers say otherwise.
  auto alone = choice(0.5, 0.001, 0.01);
  alone.alone = 0;
  EXPECT_EQ(judge(alone, alone), Verdict::does_not_pay);
  auto renamed = choice(1, 0.02, 0.03);
  renamed.multiplexed = {0, {-0.001, 0.001}};
  EXPECT_EQ(judge(renamed, renamed), Verdict::does_not_pay);
  // Where the best single model costs nothing, nothing is less.
  auto dearer = choice(0.5, -0.001, 0.001);
  dearer.cost.reset();
  EXPECT_EQ(judge(dearer, {}), Verdict::does_not_pay);
}

/// Two models of scored answers in ten classes; the first, which is the cheaper and the better one,
/// says class 3 for 5 and 5 for 3.
OutcomeTable with_classes_swapped(std::int64_t inputs, const std::vector<double>& costs) {
  Random random(8);
  OutcomeFields fields;
  fields.models = {"x", "y"};
  fields.predictions = Tensor({inputs, 2}, DType::i32);
  fields.labels = Tensor({inputs}, DType::i32);
  for (std::int64_t row = 0; row < inputs; ++row) {
    const auto label = static_cast<std::int32_t>(random.below(10));
    fields.labels.data<std::int32_t>()[row] = label;
    for (std::int64_t model = 0; model < 2; ++model) {
      const bool right = random.uniform() < (model == 0 ? 0.9 : 0.5);
      auto answer = right ? label : static_cast<std::int32_t>(random.below(10));
      if (model == 0 && (answer == 3 || answer == 5)) answer = 8 - answer;
      fields.predictions.data<std::int32_t>()[2 * row + model] = answer;
    }
  }
  fields.costs["usd"] = costs;
  fields.classes = 10;
  return OutcomeTable(std::move(fields));
}

TEST(Study, TellsAnswersGivenAnewFromMultiplexing) {
  const auto parts = divide(with_classes_swapped(2000, {1, 10}), 0.5, 1);
  const auto found = study(make_policy, parts.held_out, parts.test, quick());
  ASSERT_TRUE(found.gain);
  EXPECT_EQ(found.best_single, 0U);
  EXPECT_EQ(found.gain->alone, 0U);
  EXPECT_EQ(found.gain->cost, 1.0);
  EXPECT_GT(found.gain->difference.interval.low, 0.1);
  EXPECT_EQ(found.gain->multiplexed.value, 0);
  EXPECT_EQ(found.verdict, Verdict::does_not_pay);
}

TEST(Study, HasNoShareOfACostOfNothing) {
  for (const double unit : {1.0, 1000.0}) {
    const auto parts = divide(with_classes_swapped(600, {0, unit}), 0.5, 1);
    const auto found = study(make_policy, parts.held_out, parts.test, quick());
    for (const auto& entry : found.policies) {
      EXPECT_FALSE(entry.area.has_value()) << entry.name;
      const auto& at = entry.accuracy_at;
      for (const auto& [share, accuracy] : at) EXPECT_EQ(accuracy, at.at(1.0)) << entry.name;
    }
    ASSERT_TRUE(found.gain);
    EXPECT_EQ(found.gain->cost, 1.0);  // nothing, as the best single model
    EXPECT_EQ(found.gain->alone, 0U);
  }
  EXPECT_EQ(cost_share(0, 0), 1.0);
  EXPECT_EQ(cost_share(0.5, 0), std::nullopt);
  EXPECT_EQ(cost_share(1, 4), 0.25);
}

TEST(Study, RefusesWhatDoesNotFit) {
  const auto parts = divide(random_table(1));
  const auto message = [&](const OutcomeTable& held_out, const StudyOptions& options) {
    return error_of([&] { study(make_policy, held_out, parts.test, options); });
  };
  auto options = quick();
  options.cost_kind = "money";
  expect_text(message(parts.held_out, options), {"latency_ms or macs", "received money"});
  const OutcomeTable one(two_class_fields({{0.9F}, {0.2F}}, {1, 0}, {1}));
  expect_text(message(one, quick()), {"two or more models", "received 1"});
  options = quick();
  options.policy = "unknown";
  expect_text(message(parts.held_out, options), {"a policy that the study fits", "unknown"});
  expect_text(message(random_table(1), quick()), {"shares"});
}

}  // namespace
}  // namespace muxnet
