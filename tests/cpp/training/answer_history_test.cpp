#include "muxnet/training/answer_history.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/errors.hpp"

namespace muxnet {
namespace {

using testing::expect_error;

Tensor answers(std::vector<std::uint8_t> right, const Shape& shape) {
  Tensor result(shape, DType::u8);
  std::copy(right.begin(), right.end(), result.data<std::uint8_t>());
  return result;
}

std::vector<float> shares(const AnswerHistory& history, int visits) {
  const Tensor result = history.shares(visits);
  const auto values = result.span<float>();
  return {values.begin(), values.end()};
}

TEST(AnswerHistory, SharesOfTheLatestVisits) {
  AnswerHistory history(3, 2);
  const std::vector<std::int64_t> both{2, 0}, one{2};
  history.add(both, answers({1, 0, 0, 1}, {2, 2}));
  history.add(one, answers({1, 1}, {1, 2}));
  history.add(one, answers({0, 1}, {1, 2}));
  EXPECT_EQ(shares(history, 1), (std::vector<float>{0, 1, -1, -1, 0, 1}));
  EXPECT_EQ(shares(history, 2), (std::vector<float>{0, 1, -1, -1, 0.5, 1}));
  EXPECT_EQ(shares(history, 30), (std::vector<float>{0, 1, -1, -1, 2 / 3.0F, 2 / 3.0F}));
}

TEST(AnswerHistory, ForgetsTheOldestAnswerOfMoreThanItKeeps) {
  AnswerHistory history(1, 1);
  const std::vector<std::int64_t> row{0};
  for (int i = 0; i < 10; ++i) history.add(row, answers({0}, {1, 1}));
  for (int i = 0; i < 25; ++i) history.add(row, answers({1}, {1, 1}));
  EXPECT_EQ(shares(history, 30), (std::vector<float>{25 / 30.0F}));
  for (int i = 0; i < 5; ++i) history.add(row, answers({1}, {1, 1}));
  EXPECT_EQ(shares(history, 30), (std::vector<float>{1}));
}

TEST(AnswerHistory, GoesOnFromItsBits) {
  AnswerHistory history(2, 1), copy(2, 1);
  const std::vector<std::int64_t> row{1};
  history.add(row, answers({1}, {1, 1}));
  copy.restore(history.bits());
  history.add(row, answers({0}, {1, 1}));
  copy.add(row, answers({0}, {1, 1}));
  EXPECT_EQ(shares(copy, 2), (std::vector<float>{-1, 0.5}));
  EXPECT_EQ(shares(copy, 2), shares(history, 2));
}

TEST(AnswerHistory, RefusesWhatDoesNotFit) {
  AnswerHistory history(2, 1);
  const std::vector<std::int64_t> row{2};
  EXPECT_THROW(history.add(row, answers({1}, {1, 1})), std::out_of_range);
  expect_error(
      [&] {
        history.add(row, answers({1, 1}, {1, 2}));
      },
      "[answer_history] expected u8 (1, 1), received u8 (1, 2)");
  expect_error([&] { history.shares(0); }, "[answer_history] expected 1 to 30 visits, received 0");
  expect_error(
      [&] {
        history.restore(Tensor({3, 1}, DType::i32));
      },
      "[answer_history] expected i32 (2, 1), received i32 (3, 1)");
  expect_error(
      [&] {
        history.restore(Tensor({2, 1}, DType::i32));
      },
      "[answer_history] expected histories that begin with a one, received others");
}

}  // namespace
}  // namespace muxnet
