#include "muxnet/training/metrics.hpp"

#include <gtest/gtest.h>

#include "support/errors.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;

TEST(RunningMean, IsTheWeightedMean) {
  RunningMean mean;
  EXPECT_EQ(mean.mean(), 0);
  mean.add(1, 3);
  mean.add(5);
  EXPECT_DOUBLE_EQ(mean.mean(), 2);
  mean.fade(0.5);
  EXPECT_DOUBLE_EQ(mean.mean(), 2);
  mean.add(5, 2);
  EXPECT_DOUBLE_EQ(mean.mean(), 3.5);
}

TEST(Metrics, AreMeansOverBatchesAndMissingWhereNotTrainedWith) {
  RunningMetrics running;
  StepMetrics step;
  step.losses = {1, 2};
  step.distances = {Weighted{0.5, 3}, Weighted{}};
  add(step, running);
  step.losses = {3, 4};
  step.distances = {Weighted{0.9, 1}, Weighted{}};
  add(step, running);
  const TrainingMetrics found = means(running);
  EXPECT_EQ(found.losses, (std::vector<double>{2, 3}));
  EXPECT_DOUBLE_EQ(found.distances.both_right_distance.value(), 0.6);
  EXPECT_EQ(found.distances.one_right_distance, 0.0);  // no pairs
  EXPECT_EQ(found.contrastive, std::nullopt);
}

TEST(Accuracy, CountsTheFirstOfEqualScores) {
  const auto scores = Tensor::from<float>({0, 1, 0, 2, 2, 1, 3, 1, 3}, {3, 3});
  const auto labels = Tensor::from<std::int32_t>({1, 1, 0}, {3});
  EXPECT_DOUBLE_EQ(accuracy(scores, labels), 2.0 / 3);
}

TEST(Accuracy, RefusesWhatDoesNotFit) {
  const auto scores = Tensor::from<float>({0, 1, 1, 0}, {2, 2});
  const auto wrong = Tensor::from<std::int32_t>({0, 2}, {2});
  EXPECT_TRUE(
      contains(error_of<std::invalid_argument>([&] { accuracy(scores, wrong); }), "[accuracy]"));
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([&] { accuracy(scores, wrong); }),
                       "labels in [0, 2)"));
  const auto one = Tensor::from<std::int32_t>({0}, {1});
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([&] { accuracy(scores, one); }),
                       "i32 labels of shape (2)"));
  EXPECT_THROW(accuracy(Tensor({0, 2}), Tensor({0}, DType::i32)), std::invalid_argument);
}

TEST(Correctness, IsPerModel) {
  const auto probabilities =
      Tensor::from<float>({0.9F, 0.1F, 0.2F, 0.8F, 0.4F, 0.6F, 0.3F, 0.7F}, {2, 2, 2});
  const auto labels = Tensor::from<std::int32_t>({0, 1}, {2});
  const Tensor right = correctness(probabilities, labels);
  ASSERT_EQ(right.shape(), (Shape{2, 2}));
  const auto* values = right.data<std::uint8_t>();
  EXPECT_EQ(std::vector<int>(values, values + 4), (std::vector<int>{1, 0, 1, 1}));
  EXPECT_THROW(correctness(Tensor({2, 2}), labels), std::invalid_argument);
}

TEST(ContrastiveCollapse, IsSaidOnlyWhereTheGapIsGone) {
  EXPECT_EQ(describe_contrastive_collapse(0.14, 0.476), "");
  const auto sentence = describe_contrastive_collapse(0.001, 0.004);
  EXPECT_TRUE(contains(sentence, "collapsed"));
  EXPECT_TRUE(contains(sentence, "0.001 and 0.004"));
  EXPECT_NE(describe_contrastive_collapse(0.5, 0.3), "");
  EXPECT_EQ(describe_contrastive_collapse(0.1, 0.15, 0.04), "");
  EXPECT_NE(describe_contrastive_collapse(0.1, 0.15, 0.06), "");
}

}  // namespace
}  // namespace muxnet
