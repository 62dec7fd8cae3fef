#include "muxnet/losses/softmax.hpp"

#include "losses/support.hpp"

namespace muxnet {
namespace {

using namespace losses_test;

TEST(Softmax, IsAsComputedByHand) {
  const Tensor result = softmax(f64({0, std::log(3.0), std::log(6.0), 1, 1, 1}, {2, 3}));
  expect_close(result, {0.1, 0.3, 0.6, 1 / 3.0, 1 / 3.0, 1 / 3.0});
}

TEST(Softmax, WorksOverTheLastOfManyAxes) {
  const Tensor result = softmax(f64({0, std::log(3.0), 5, 5}, {2, 1, 2}));
  EXPECT_EQ(result.shape(), (Shape{2, 1, 2}));
  expect_close(result, {0.25, 0.75, 0.5, 0.5});
}

TEST(Softmax, DoesNotOverflow) {
  expect_close(softmax(f64({1e308, -1e308, 1e308}, {3})), {0.5, 0, 0.5});
  const Tensor single = softmax(Tensor::from(std::vector<float>{3e38F, -3e38F}, {1, 2}));
  EXPECT_EQ(single.data<float>()[0], 1);
  EXPECT_EQ(single.data<float>()[1], 0);
}

TEST(Softmax, RefusesOtherInputs) {
  expect_error(
      [] {
        softmax(Tensor({2, 0}));
      },
      "[softmax] expected logits with a last axis of at least 1, received (2, 0)");
  expect_error([] { softmax(Tensor({2}, DType::i32)); },
               "[softmax] expected a tensor of f32 or f64, received i32");
}

TEST(CorrectPredictions, ComparesTheLargestLogitWithTheLabel) {
  const std::vector<Tensor> logits = {f64({1, 2, 0, 9, 1, 0}, {2, 3}),
                                      f64({3, 2, 0, 1, 1, 5}, {2, 3})};
  const Tensor correct = correct_predictions(logits, labels({1, 2}));
  EXPECT_EQ(correct.shape(), (Shape{2, 2}));
  const auto values = correct.span<std::uint8_t>();
  EXPECT_EQ(std::vector<int>(values.begin(), values.end()), (std::vector<int>{1, 0, 0, 1}));
}

TEST(CorrectPredictions, TakesTheFirstOfEqualLogits) {
  const std::vector<Tensor> logits = {f64({2, 2, 2, 2}, {2, 2})};
  const Tensor correct = correct_predictions(logits, labels({0, 1}));
  EXPECT_EQ(correct.data<std::uint8_t>()[0], 1);
  EXPECT_EQ(correct.data<std::uint8_t>()[1], 0);
}

TEST(CorrectPredictions, RefusesWhatDoesNotFit) {
  const Tensor logits = f64({1, 2, 3, 4}, {2, 2});
  const std::vector<Tensor> one = {logits}, uneven = {logits, Tensor({2, 3}, DType::f64)},
                            mixed = {logits, Tensor({2, 2}, DType::f32)};
  expect_error(
      [&] {
        correct_predictions({}, labels({0, 1}));
      },
      "[correct_predictions] expected at least one tensor of logits, received none");
  expect_error(
      [&] {
        correct_predictions(uneven, labels({0, 1}));
      },
      "[correct_predictions] expected logits of shape (2, 2), received (2, 3)");
  expect_error(
      [&] {
        correct_predictions(mixed, labels({0, 1}));
      },
      "[correct_predictions] expected logits of f64, received f32");
  expect_error(
      [&] {
        correct_predictions(one, labels({0, 1, 1}));
      },
      "[correct_predictions] expected labels of shape (2), received (3)");
  expect_error(
      [&] {
        correct_predictions(one, labels({0, 2}));
      },
      "[correct_predictions] expected labels in [0, 2), received label 2 at index 1");
}

}  // namespace
}  // namespace muxnet
