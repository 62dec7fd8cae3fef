#include "muxnet/front/answer_labels.hpp"

#include <gtest/gtest.h>

namespace muxnet {
namespace {

TEST(AnswerLabels, CountEachInputOnceByTheVersionThatAnswered) {
  AnswerLabels labels(4);
  labels.remember(0, std::vector<std::int32_t>{3, 1}, 1);
  labels.remember(2, std::vector<std::int32_t>{7}, 2);
  const std::vector<std::int64_t> inputs{0, 1, 2, 9}, right{3, 2, 7, 0};
  EXPECT_EQ(labels.learn(inputs, right), 3);
  EXPECT_EQ(labels.learn(inputs, right), 0);
  const auto tallies = labels.by_version();
  EXPECT_EQ(tallies.at(1).labelled, 2);
  EXPECT_EQ(tallies.at(1).right, 1);
  EXPECT_EQ(tallies.at(2).labelled, 1);
  EXPECT_EQ(tallies.at(2).right, 1);
}

TEST(AnswerLabels, ForgetTheOldest) {
  AnswerLabels labels(2);
  labels.remember(0, std::vector<std::int32_t>{1, 1, 1}, 1);
  EXPECT_EQ(labels.learn(std::vector<std::int64_t>{0, 1, 2}, std::vector<std::int64_t>{1, 1, 1}),
            2);
}

}  // namespace
}  // namespace muxnet
