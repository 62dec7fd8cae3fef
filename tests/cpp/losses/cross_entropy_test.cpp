#include "muxnet/losses/cross_entropy.hpp"

#include "losses/support.hpp"

namespace muxnet {
namespace {

using namespace losses_test;

const Tensor logits = f64({0, std::log(3.0), std::log(6.0), 0, 0, 0}, {2, 3});

TEST(CrossEntropy, IsAsComputedByHand) {
  // Probabilities (0.1, 0.3, 0.6) and (1/3, 1/3, 1/3).
  const LossValue loss = cross_entropy(logits, labels({1, 2}));
  expect_close(loss.value, (-std::log(0.3) + std::log(3.0)) / 2);
  expect_close(loss.diff, {0.05, -0.35, 0.3, 1 / 6.0, 1 / 6.0, -1 / 3.0});
}

TEST(CrossEntropy, SmoothsLabels) {
  // Targets 0.7 + 0.1 for the label, 0.1 for the others.
  const LossValue loss = cross_entropy(logits, labels({1, 2}), 0.3);
  const double first = -0.1 * std::log(0.1) - 0.8 * std::log(0.3) - 0.1 * std::log(0.6);
  expect_close(loss.value, (first + std::log(3.0)) / 2);
  expect_close(loss.diff, {0, -0.25, 0.25, 7 / 60.0, 7 / 60.0, -7 / 30.0});
}

TEST(CrossEntropy, StaysFiniteForHugeLogits) {
  const Tensor huge = f64({1e4, -1e4, 0, -1e4, 1e4, 0}, {2, 3});
  // One row surely right, one surely wrong: 0 and 2e4.
  const LossValue loss = cross_entropy(huge, labels({0, 0}));
  expect_close(loss.value, 1e4);
  expect_close(loss.diff, {0, 0, 0, -0.5, 0.5, 0});
}

TEST(CrossEntropy, IgnoresImpossibleClasses) {
  const double impossible = -std::numeric_limits<double>::infinity();
  const LossValue loss = cross_entropy(f64({0, impossible, 0}, {1, 3}), labels({2}));
  expect_close(loss.value, std::log(2.0));
  expect_close(loss.diff, {0.5, 0, -0.5});
}

TEST(CrossEntropy, IsZeroForOneClass) {
  const LossValue loss = cross_entropy(f64({3, -4}, {2, 1}), labels({0, 0}));
  EXPECT_EQ(loss.value, 0);
  expect_close(loss.diff, {0, 0});
}

TEST(CrossEntropy, RefusesWhatDoesNotFit) {
  expect_error([] { cross_entropy(Tensor({3}), labels({0})); },
               "[cross_entropy] expected logits of shape (at least 1, at least 1), received (3)");
  expect_error(
      [] {
        cross_entropy(Tensor({0, 3}), labels({}));
      },
      "[cross_entropy] expected logits of shape (at least 1, at least 1), received (0, 3)");
  expect_error([] { cross_entropy(logits, labels({0})); },
               "[cross_entropy] expected labels of shape (2), received (1)");
  expect_error([] { cross_entropy(logits, Tensor({2}, DType::i64)); },
               "[cross_entropy] expected labels of i32, received i64");
  expect_error(
      [] {
        cross_entropy(logits, labels({0, 3}));
      },
      "[cross_entropy] expected labels in [0, 3), received label 3 at index 1");
  expect_error(
      [] {
        cross_entropy(logits, labels({-1, 3}));
      },
      "[cross_entropy] expected labels in [0, 3), received label -1 at index 0");
  expect_error(
      [] {
        cross_entropy(logits, labels({0, 1}), 1.5);
      },
      "[cross_entropy] expected label_smoothing in [0, 1], received 1.5");
  expect_error(
      [] {
        cross_entropy(Tensor({2, 3}, DType::u8), labels({0, 1}));
      },
      "[cross_entropy] expected a tensor of f32 or f64, received u8");
}

}  // namespace
}  // namespace muxnet
