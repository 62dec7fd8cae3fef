#include "muxnet/losses/distillation.hpp"

#include "losses/support.hpp"
#include "muxnet/losses/online_distillation.hpp"
#include "muxnet/losses/softmax.hpp"

namespace muxnet {
namespace {

using namespace losses_test;

// Two models, one input: embeddings along x, and along y at another length.
const std::vector<Tensor> embeddings = {f64({1, 0}, {1, 2}), f64({0, 3}, {1, 2})};

TEST(Distillation, IsAsComputedByHandPerModel) {
  // Cosines 0.6 and -1: distances 0.2 and 1.
  const LossValue loss = distillation(f64({1.2, 1.6, 0, -2}, {1, 2, 2}), embeddings);
  expect_close(loss.value, 1.2);
  // -(e / |m||e| - cos m / |m|^2) / 2; at the opposite it is zero.
  expect_close(loss.diff, {-(0.5 - 0.6 * 0.3) / 2, 0.6 * 0.4 / 2, 0, 0});
}

TEST(Distillation, IsAsComputedByHandShared) {
  const LossValue loss = distillation(f64({0.6, 0.8}, {1, 2}), embeddings);
  expect_close(loss.value, 0.2 + 0.1);
  expect_close(loss.diff, {-(1 - 1.4 * 0.6) / 2, -(1 - 1.4 * 0.8) / 2});
}

TEST(Distillation, SharedEqualsTheSameMetaForEachModel) {
  const LossValue shared = distillation(f64({0.6, -2}, {1, 2}), embeddings);
  const LossValue each = distillation(f64({0.6, -2, 0.6, -2}, {1, 2, 2}), embeddings);
  expect_close(shared.value, each.value);
  const double* diff = each.diff.data<double>();
  expect_close(shared.diff, {diff[0] + diff[2], diff[1] + diff[3]});
}

TEST(Distillation, TreatsZeroRowsAsOrthogonal) {
  const LossValue loss = distillation(f64({0, 0}, {1, 2}), embeddings);
  expect_close(loss.value, 1);
  expect_close(loss.diff, {0, 0});
}

TEST(Distillation, RefusesWhatDoesNotFit) {
  expect_error(
      [] {
        distillation(Tensor({1, 3, 2}, DType::f64), embeddings);
      },
      "[distillation] expected meta of shape (1, 2, 2), received (1, 3, 2)");
  expect_error(
      [] {
        distillation(Tensor({2, 2}, DType::f64), embeddings);
      },
      "[distillation] expected meta of shape (1, 2), received (2, 2)");
  expect_error(
      [] {
        distillation(Tensor({1, 2}, DType::f32), embeddings);
      },
      "[distillation] expected meta of f64, received f32");
}

OnlineDistillationValue online_distillation(std::span<const Tensor> models,
                                            std::span<const double> weights, double temperature) {
  return distil_to(models, online_targets(models, weights, temperature), temperature);
}

const std::vector<Tensor> logits = {f64({0, std::log(3.0)}, {1, 2}), f64({0, 0}, {1, 2})};

TEST(OnlineDistillation, IsAsComputedByHand) {
  // Probabilities (1/4, 3/4) and (1/2, 1/2), weights 1:3, so the mean is (7/16, 9/16).
  const std::vector<double> weights = {1, 3};
  expect_close(online_targets(logits, weights, 1), {7 / 16.0, 9 / 16.0});
  const auto loss = online_distillation(logits, weights, 1);
  const double first = 7 / 16.0 * std::log(7 / 4.0) + 9 / 16.0 * std::log(3 / 4.0);
  const double second = 7 / 16.0 * std::log(7 / 8.0) + 9 / 16.0 * std::log(9 / 8.0);
  expect_close(loss.value, first + second);
  expect_close(loss.diff_logits[0], {1 / 4.0 - 7 / 16.0, 3 / 4.0 - 9 / 16.0});
  expect_close(loss.diff_logits[1], {1 / 16.0, -1 / 16.0});
}

TEST(OnlineDistillation, TemperatureDividesLogits) {
  // At twice the logits and T = 2 the probabilities are the same; the value grows by T^2, the
  // gradient by T.
  const std::vector<Tensor> twice = {f64({0, 2 * std::log(3.0)}, {1, 2}), f64({0, 0}, {1, 2})};
  const std::vector<double> weights = {1, 1};
  const auto cold = online_distillation(logits, weights, 1);
  const auto warm = online_distillation(twice, weights, 2);
  expect_close(warm.value, 4 * cold.value);
  const double* diff = cold.diff_logits[0].data<double>();
  expect_close(warm.diff_logits[0], {2 * diff[0], 2 * diff[1]});
}

TEST(OnlineDistillation, IsZeroForOneModel) {
  const std::vector<double> weights = {2};
  const auto loss = online_distillation(std::span(logits).first(1), weights, 3);
  EXPECT_NEAR(loss.value, 0, 1e-15);
  expect_close(loss.diff_logits[0], {0, 0});
}

TEST(OnlineDistillation, StaysFiniteForHugeLogits) {
  const std::vector<Tensor> sure = {f64({1e4, -1e4}, {1, 2}), f64({-1e4, 1e4}, {1, 2})};
  const std::vector<double> weights = {1, 0};
  const auto loss = online_distillation(sure, weights, 1);
  expect_close(loss.value, 2e4);
  expect_close(loss.diff_logits[0], {0, 0});
  expect_close(loss.diff_logits[1], {-1, 1});
}

TEST(OnlineDistillation, RefusesWhatDoesNotFit) {
  const std::vector<double> one = {1}, none = {0, 0}, negative = {1, -1}, good = {1, 1};
  expect_error([&] { online_distillation(logits, one, 1); },
               "[online_targets] expected 2 weights, received 1");
  expect_error([&] { online_distillation(logits, none, 1); },
               "[online_targets] expected weights with a sum above 0, received 0");
  expect_error([&] { online_distillation(logits, negative, 1); },
               "[online_targets] expected weights of at least 0, received -1");
  expect_error([&] { online_distillation(logits, good, 0); },
               "[online_targets] expected a temperature above 0, received 0");
  expect_error(
      [&] {
        distil_to(logits, Tensor({1, 3}, DType::f64), 1);
      },
      "[distil_to] expected targets of shape (1, 2), received (1, 3)");
}

}  // namespace
}  // namespace muxnet
