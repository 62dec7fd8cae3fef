#include "muxnet/evaluation/reliability.hpp"

#include <cmath>
#include <limits>
#include <numbers>

#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::answer_table;
using testing::error_of;
using testing::expect_text;

constexpr float none = std::numeric_limits<float>::quiet_NaN();

TEST(Reliability, is_the_mean_distance_of_bins) {
  // Two bins of 50: sure by 0.6 and right of 80 %, sure by 0.9 and right of 70 %.
  std::vector<float> confidences, worth;
  for (int i = 0; i < 100; ++i) {
    const bool sure = i % 2 == 0;
    confidences.push_back(sure ? 0.9F : 0.6F);
    worth.push_back(i / 2 < (sure ? 35 : 40) ? 1.0F : 0.0F);
  }
  confidences.push_back(none);  // left out
  worth.push_back(0);
  const auto found = reliability(confidences, worth);
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->bins.size(), 2U);
  EXPECT_EQ(found->bins[0].inputs, 50);
  EXPECT_NEAR(found->bins[0].confidence, 0.6, 1e-6);
  EXPECT_NEAR(found->bins[0].accuracy, 0.8, 1e-6);
  EXPECT_NEAR(found->error, (0.2 + 0.2) / 2, 1e-6);
  const auto by_chance = [](double p) {
    return std::sqrt(2 * p * (1 - p) / (50 * std::numbers::pi));
  };
  EXPECT_NEAR(found->chance, (by_chance(0.6) + by_chance(0.9)) / 2, 1e-6);
}

TEST(Reliability, keeps_equal_confidences_together) {
  std::vector<float> confidences(400, 1.0F), worth(400, 0.0F);
  for (std::size_t i = 0; i < 300; ++i) worth[i] = 1;  // first: in bins by place they were far off
  for (std::size_t i = 0; i < 20; ++i) confidences[i] = 0.5F;
  const auto found = reliability(confidences, worth);
  ASSERT_EQ(found->bins.size(), 1U);
  EXPECT_NEAR(found->error, 390.0 / 400 - 300.0 / 400, 1e-6);
}

TEST(Reliability, is_of_probabilities_only) {
  EXPECT_FALSE(reliability(std::vector<float>{0.5F, 1.5F}, std::vector<float>{1, 1}).has_value());
  EXPECT_FALSE(reliability(std::vector<float>{-3.0F, 0.5F}, std::vector<float>{1, 1}).has_value());
  EXPECT_FALSE(reliability(std::vector<float>{none, none}, std::vector<float>{1, 1}).has_value());
  EXPECT_FALSE(reliability({}, {}).has_value());
  expect_text(error_of([] { reliability(std::vector<float>{0.5F}, {}); }),
              {"reliability", "0 confidences", "received 1"});
}

TEST(ModelReliability, is_small_after_calibration_on_other_inputs) {
  for (const bool quality : {false, true}) {
    const auto held_out = answer_table(1, {.inputs = 4000, .quality = quality});
    const auto test = answer_table(2, {.inputs = 4000, .split = "test", .quality = quality});
    const auto found = model_reliability(held_out, test);
    ASSERT_EQ(found.size(), 3U);
    for (const auto& own : found) {
      ASSERT_TRUE(own.calibrated.has_value());
      EXPECT_LT(own.calibrated->error, 0.04);
      if (own.given) EXPECT_GT(own.given->error, own.calibrated->error);
    }
    EXPECT_FALSE(model_reliability(test, nullptr)[0].calibrated.has_value());
  }
}

}  // namespace
}  // namespace muxnet
