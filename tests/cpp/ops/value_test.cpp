#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "muxnet/core/parallel.hpp"
#include "ops/kernel_runner.hpp"

namespace muxnet {
namespace {

using testing::KernelRunner;
using testing::spec_of;
using testing::Values;

/// The reference kernel of `op` in float64 at given inputs and parameters, after one forward.
KernelRunner<double> evaluate(const std::string& op, const Shape& shape, Values<double> src,
                              const Attributes& attributes = {},
                              std::vector<Values<double>> parameters = {}, bool training = true) {
  KernelRunner<double> runner(spec_of(op, attributes, {shape}, DType::f64, training),
                              Backend::reference);
  runner.src[0] = std::move(src);
  runner.parameters = std::move(parameters);
  runner.forward();
  return runner;
}

using D = Values<double>;

void expect_near(const D& actual, const D& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-12) << i;
}

TEST(Value, Elementwise) {
  EXPECT_EQ(evaluate("relu", {1, 3}, {-1, 0, 2}).dst, (D{0, 0, 2}));
  EXPECT_EQ(evaluate("relu6", {1, 4}, {-1, 3, 6, 9}).dst, (D{0, 3, 6, 6}));
  expect_near(evaluate("sigmoid", {1, 3}, {0, std::log(3.0), -1000}).dst, {0.5, 0.75, 0});
  KernelRunner<double> add(spec_of("add", {{"relu", 1}}, {{1, 2}, {1, 2}}, DType::f64),
                           Backend::reference);
  add.src = {{1, -5}, {2, 3}};
  add.forward();
  EXPECT_EQ(add.dst, (D{3, 0}));
}

TEST(Value, NotANumberPasses) {
  // A diverging network must show, not be clipped to health.
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(std::isnan(evaluate("relu", {1, 1}, {nan}).dst[0]));
  EXPECT_TRUE(std::isnan(evaluate("relu6", {1, 1}, {nan}).dst[0]));
  EXPECT_TRUE(
      std::isnan(evaluate("max_pool", {1, 1, 2, 2}, {1, nan, 3, 0}, {{"kernel", 2}}).dst[0]));
}

TEST(Value, SoftmaxAndL2Norm) {
  // Large inputs: only their differences count.
  expect_near(evaluate("softmax", {1, 2}, {1000 + std::log(3.0), 1000}).dst, {0.75, 0.25});
  expect_near(evaluate("l2_norm", {1, 4}, {3, 4, 0, 0}).dst, {0.6, 0.8, 0, 0});
  expect_near(evaluate("l2_norm", {1, 4}, {3, 4, 0, 2}, {{"groups", 2}}).dst, {0.6, 0.8, 0, 1});
  EXPECT_EQ(evaluate("l2_norm", {1, 2}, {0, 0}).dst, (D{0, 0}));
}

TEST(Value, Linear) {
  expect_near(
      evaluate("linear", {2, 2}, {1, 2, 3, 4}, {{"features", 2}}, {{1, 0, -1, 2}, {10, 20}}).dst,
      {11, 23, 13, 25});
}

TEST(Value, Convolution) {
  // 1 2 3      0 1
  // 4 5 6  by  2 3  (correlation, no flip), bias 1.
  const D image{1, 2, 3, 4, 5, 6};
  const Attributes plain{{"channels", 1}, {"kernel", 2}, {"bias", 1}};
  EXPECT_EQ(evaluate("conv2d", {1, 1, 2, 3}, image, plain, {{0, 1, 2, 3}, {1}}).dst,
            (D{1 + 2 + 8 + 15, 1 + 3 + 10 + 18}));
  const Attributes strided{{"channels", 1}, {"kernel", 2}, {"stride", 2}, {"padding", 1}};
  EXPECT_EQ(evaluate("conv2d", {1, 1, 2, 3}, image, strided, {{0, 1, 2, 3}}).dst,
            (D{3, 12 - 12 + 2 * 2 + 3 * 3, 4, 6}));
  // Two groups: each output sees its own input channel.
  const Attributes grouped{{"channels", 2}, {"kernel", 1}, {"groups", 2}, {"relu", 1}};
  EXPECT_EQ(evaluate("conv2d", {1, 2, 1, 2}, {1, 2, 3, 4}, grouped, {{5, -1}}).dst,
            (D{5, 10, 0, 0}));
}

TEST(Value, Pooling) {
  const D image{1, 2, 3, 4, 5, 6, 7, 8, 9};
  const Shape shape{1, 1, 3, 3};
  EXPECT_EQ(evaluate("max_pool", shape, image, {{"kernel", 2}, {"stride", 1}}).dst,
            (D{5, 6, 8, 9}));
  EXPECT_EQ(evaluate("max_pool", shape, image, {{"kernel", 2}, {"ceil_mode", 1}}).dst,
            (D{5, 6, 8, 9}));
  const Attributes padded{{"kernel", 2}, {"padding", 1}};
  EXPECT_EQ(evaluate("average_pool", shape, image, padded).dst, (D{0.25, 1.25, 2.75, 7}));
  Attributes counted = padded;
  EXPECT_EQ(evaluate("average_pool", shape, image, counted.set("count_include_pad", 0)).dst,
            (D{1, 2.5, 5.5, 7}));
  expect_near(evaluate("adaptive_average_pool", shape, image).dst, {5});
  expect_near(evaluate("adaptive_average_pool", shape, image, {{"output", 2}}).dst, {3, 4, 6, 7});
}

TEST(Value, BatchNormTrainsLikePyTorch) {
  // Mean 2.5, biased variance 1.25, unbiased 5/3.
  const auto runner = evaluate("batch_norm", {4, 1}, {1, 2, 3, 4},
                               {{"eps", 0.75}, {"momentum", 0.1}}, {{2}, {1}, {10}, {20}});
  const double deviation = std::sqrt(2.0);
  expect_near(runner.dst,
              {1 - 3 / deviation, 1 - 1 / deviation, 1 + 1 / deviation, 1 + 3 / deviation});
  expect_near(runner.parameters[2], {0.9 * 10 + 0.1 * 2.5});
  expect_near(runner.parameters[3], {0.9 * 20 + 0.1 * 5 / 3});
}

TEST(Value, BatchNormInfersFromRunningStatistics) {
  const auto runner = evaluate("batch_norm", {2, 1}, {10, 12}, {{"eps", 1.0}, {"relu", 1}},
                               {{2}, {-1}, {10}, {3}}, false);
  expect_near(runner.dst, {0, 1});
  EXPECT_EQ(runner.parameters[2], (D{10}));
  EXPECT_EQ(runner.parameters[3], (D{3}));
}

KernelRunner<float> dropped(double p, std::uint64_t seed, bool training = true) {
  KernelRunner<float> runner(spec_of("dropout", {{"p", p}}, {{40, 1000}}, DType::f32, training),
                             Backend::reference);
  std::ranges::fill(runner.src[0], 1.0f);
  runner.seed = seed;
  runner.forward();
  return runner;
}

TEST(Value, DropoutDropsItsShareAndScalesTheRest) {
  const auto runner = dropped(0.2, 1);
  std::int64_t kept = 0;
  for (const float value : runner.dst) {
    EXPECT_TRUE(value == 0.0f || value == 1.25f);
    kept += value != 0.0f ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(kept), 32000, 4 * std::sqrt(40000 * 0.2 * 0.8));
  EXPECT_EQ(dropped(0.2, 1, false).dst, runner.src[0]);
}

TEST(Value, DropoutMaskHangsOnSeedNotOnThreads) {
  const int before = threads();
  set_threads(1);
  const auto alone = dropped(0.5, 3).dst;
  set_threads(2);
  EXPECT_EQ(dropped(0.5, 3).dst, alone);
  EXPECT_NE(dropped(0.5, 4).dst, alone);
  set_threads(before);
}

}  // namespace
}  // namespace muxnet
