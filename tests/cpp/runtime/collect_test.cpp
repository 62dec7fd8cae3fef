#include "muxnet/runtime/collect.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/pool.hpp"

namespace muxnet {
namespace {

TEST(CollectOutcomes, RecordsAnswersCostsAndScores) {
  const auto pool = testing::tiny_pool();
  const auto multiplexer = testing::tiny_multiplexer(3);
  const Tensor images = testing::random_images(10);
  CollectOptions options;
  options.labels = testing::random_labels(10);
  options.split = "held_out";
  options.source = "made/train";
  options.indices = {9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
  const OutcomeTable table = collect_outcomes(*pool, images, multiplexer, options);
  EXPECT_EQ(table.models(), pool->names());
  EXPECT_EQ(table.costs("macs"), pool->costs());
  EXPECT_EQ(table.multiplexer_cost("macs"), 48.0);
  EXPECT_EQ(table.fields().split, "held_out");
  EXPECT_EQ(table.fields().indices.span<std::int64_t>()[0], 9);
  const Tensor answers = pool->probabilities(1, images);
  for (std::int64_t k = 0; k < testing::classes; ++k) {
    EXPECT_EQ(table.fields().probabilities.data<float>()[(4 * 3 + 1) * testing::classes + k],
              answers.data<float>()[4 * testing::classes + k]);
  }
  // The bounded weights without a cost term are the softmax of the scores.
  const float* scores = table.fields().scores.data<float>();
  const float* weights = table.fields().weights.data<float>();
  EXPECT_NEAR(weights[0] / weights[1], std::exp(scores[0] - scores[1]), 1e-4);
}

TEST(CollectOutcomes, WorksWithoutMultiplexerAndLabels) {
  const auto pool = testing::tiny_pool();
  const OutcomeTable table = collect_outcomes(*pool, testing::random_images(4), std::nullopt, {});
  EXPECT_FALSE(table.labelled());
  EXPECT_TRUE(table.fields().weights.empty());
  EXPECT_THROW(collect_outcomes(*pool, Tensor({0, 1, 4, 4}), std::nullopt, {}),
               std::invalid_argument);
}

TEST(CollectOutcomes, KeepsTheSingleOutputOfTheOffloadMultiplexer) {
  const auto pool = testing::tiny_pool();
  const auto table =
      collect_outcomes(*pool, testing::random_images(4), testing::tiny_multiplexer(3, true), {});
  ASSERT_EQ(table.fields().offload_score.shape(), (Shape{4}));
  EXPECT_TRUE(table.fields().scores.empty());
}

}  // namespace
}  // namespace muxnet
