#include "muxnet/training/platt_scaling.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>
#include <vector>

#include "muxnet/core/random.hpp"
#include "muxnet/networks/predictor.hpp"
#include "muxnet/training/metrics.hpp"
#include "muxnet/training/train_multiplexer.hpp"
#include "support/errors.hpp"
#include "training/tiny.hpp"

namespace muxnet {
namespace {

double probability(double z) { return 1 / (1 + std::exp(-z)); }

TEST(PlattScaling, FindsShiftAndSlopeOfScoresThatAreTooSure) {
  Random random(1);
  std::vector<float> scores;
  std::vector<std::uint8_t> right;
  for (int i = 0; i < 20'000; ++i) {
    scores.push_back(static_cast<float>(4 * random.normal()));
    right.push_back(random.uniform() < probability(0.5 + 0.25 * scores.back()) ? 1 : 0);
  }
  const PlattScaling found = fit_platt_scaling(scores, right);
  EXPECT_NEAR(found.shift, 0.5, 0.06);
  EXPECT_NEAR(found.slope, 0.25, 0.02);
}

TEST(PlattScaling, LeavesTheBaseRateOfScoresThatSayNothingOrTheOpposite) {
  const std::vector<float> scores{2, 1, -1, -2};
  const PlattScaling opposite = fit_platt_scaling(scores, std::vector<std::uint8_t>{0, 0, 1, 1});
  EXPECT_EQ(opposite.slope, 0);
  EXPECT_NEAR(opposite.shift, 0, 1e-12);
  const std::vector<float> same(4, 3.0F);
  const PlattScaling flat = fit_platt_scaling(same, std::vector<std::uint8_t>{1, 1, 1, 0});
  EXPECT_NEAR(probability(flat.shift + flat.slope * 3), (3 * 4 / 5.0 + 1 / 3.0) / 4, 1e-6);
}

TEST(PlattScaling, StaysFiniteWhereAllAreRightOrScoresTellAll) {
  const std::vector<float> scores{-2, -1, 1, 2};
  for (const auto& right : {std::vector<std::uint8_t>{1, 1, 1, 1}, {0, 0, 1, 1}, {0, 0, 0, 0}}) {
    const PlattScaling found = fit_platt_scaling(scores, right);
    EXPECT_TRUE(std::isfinite(found.shift));
    EXPECT_LT(std::abs(found.slope), 10);
  }
}

TEST(PlattScaling, RefusesWhatDoesNotFit) {
  const std::vector<float> scores{1};
  EXPECT_TRUE(testing::contains(
      testing::error_of<std::invalid_argument>([&] { fit_platt_scaling(scores, {}); }), "1 and 0"));
}

/// One model that is right on two classes of three, another on the third.
FrozenOutputs halves(std::int64_t n, std::uint64_t seed) {
  const Dataset data = testing::tiny_dataset(n, seed, 1.0);
  FrozenOutputs outputs;
  outputs.images = data.images;
  outputs.labels = data.labels;
  outputs.costs = {1, 4};
  outputs.probabilities = Tensor({n, 2, testing::classes});
  for (std::int64_t i = 0; i < n; ++i) {
    const auto label = data.labels.data<std::int32_t>()[i];
    for (std::int64_t m = 0; m < 2; ++m) {
      const bool right = (m == 0) == (label == 0);
      float* row = outputs.probabilities.data<float>() + (i * 2 + m) * testing::classes;
      row[right ? label : (label + 1) % testing::classes] = 1;
    }
  }
  return outputs;
}

TEST(PlattScaling, OfAMultiplexerMakesItsProbabilitiesTrueAtMean) {
  const FrozenOutputs outputs = halves(300, 4);
  Model mux("mux", testing::tiny_multiplexer_graph(2), 3);
  scale_own_scores(mux, outputs);
  const Tensor scores = Predictor(mux).output(outputs.images, "scores");
  const std::vector<double> shares{1 / 3.0, 2 / 3.0};
  for (std::size_t m = 0; m < 2; ++m) {
    double mean = 0;
    for (std::size_t i = 0; i < 300; ++i) mean += probability(scores.span<float>()[2 * i + m]);
    EXPECT_NEAR(mean / 300, shares[m], 0.01);
  }
}

TEST(PlattScaling, OfScoresThatOthersGaveFoldsIntoAMultiplexerWhatItMakesOfThem) {
  const FrozenOutputs outputs = halves(300, 4);
  Model mux("mux", testing::tiny_multiplexer_graph(2), 3), same("mux", mux.graph, 3);
  const Tensor scores = Predictor(mux).output(outputs.images, "scores");
  const Tensor correct = correctness(outputs.probabilities, outputs.labels);
  const Tensor scaled = scale_scores(mux, scores, correct);
  scale_own_scores(same, outputs);
  const Tensor found = Predictor(mux).output(outputs.images, "scores");
  const Tensor expected = Predictor(same).output(outputs.images, "scores");
  for (std::int64_t i = 0; i < scores.size(); ++i) {
    EXPECT_NEAR(scaled.data<float>()[i], expected.data<float>()[i], 1e-4);
    EXPECT_NEAR(found.data<float>()[i], expected.data<float>()[i], 1e-4);
  }
  EXPECT_THROW(scale_scores(mux, scores.rows(0, 7), correct), std::invalid_argument);
}

TEST(PlattScaling, FollowsTrainingWhereThereIsSomethingToCalibrateOn) {
  const FrozenOutputs learn = halves(96, 1), fresh = halves(600, 2);
  MultiplexerTrainingOptions options;
  options.fit.epochs = 40;  // long enough to learn the inputs by heart
  options.fit.batch_size = 16;
  options.fit.optimizer.name = "adamw";
  options.fit.schedule.learning_rate = 0.02;
  double log_losses[2] = {0, 0};
  for (const bool calibrated : {false, true}) {
    Model mux("mux", testing::tiny_multiplexer_graph(2), 3);
    train_multiplexer(mux, learn, options, calibrated ? &fresh : nullptr);
    const Tensor scores = Predictor(mux).output(fresh.images, "scores");
    for (std::int64_t i = 0; i < 600; ++i) {
      const double p = probability(scores.data<float>()[2 * i]);
      log_losses[calibrated] -= std::log(fresh.labels.data<std::int32_t>()[i] == 0 ? p : 1 - p);
    }
  }
  EXPECT_LT(log_losses[1], 0.9 * log_losses[0]);
}

}  // namespace
}  // namespace muxnet
