#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "muxnet/core/parallel.hpp"
#include "muxnet/ops/operators.hpp"
#include "ops/kernel_runner.hpp"
#include "support/gradient_check.hpp"

namespace muxnet {
namespace {

using testing::gradients_match;
using testing::KernelRunner;
using testing::spec_of;

struct Case {
  std::string op;
  std::vector<Shape> src;
  Attributes attributes = {};
};

using List = std::vector<std::int64_t>;

/// Cases of every operator: whoever adds an operator adds its cases here.
const std::vector<Case> cases = {
    {"adaptive_average_pool", {{2, 3, 5, 4}}},
    {"adaptive_average_pool", {{1, 2, 7, 5}}, {{"output", List{3, 4}}}},
    {"adaptive_average_pool", {{1, 2, 2, 3}}, {{"output", List{3, 5}}}},
    {"add", {{2, 3, 2, 2}, {2, 3, 2, 2}}},
    {"add", {{3, 7}, {3, 7}}, {{"relu", 1}}},
    {"average_pool", {{2, 2, 6, 5}}, {{"kernel", 2}}},
    {"average_pool", {{1, 2, 5, 7}}, {{"kernel", 3}, {"stride", 2}, {"padding", 1}}},
    {"average_pool",
     {{1, 2, 5, 7}},
     {{"kernel", List{3, 2}}, {"stride", 1}, {"padding", 1}, {"count_include_pad", 0}}},
    {"batch_norm", {{3, 2, 3, 2}}},
    {"batch_norm", {{3, 2, 3, 2}}, {{"relu", 1}, {"eps", 0.1}}},
    {"batch_norm", {{6, 4}}},
    {"conv2d", {{2, 3, 5, 4}}, {{"channels", 2}, {"kernel", 3}, {"bias", 1}}},
    {"conv2d", {{1, 4, 5, 5}}, {{"channels", 6}, {"kernel", 3}, {"padding", 1}, {"groups", 2}}},
    {"conv2d",
     {{2, 3, 6, 5}},
     {{"channels", 3}, {"kernel", 3}, {"stride", 2}, {"padding", 1}, {"groups", 3}}},
    {"conv2d",
     {{1, 2, 7, 6}},
     {{"channels", 2},
      {"kernel", List{3, 2}},
      {"stride", List{1, 2}},
      {"padding", List{2, 1}},
      {"dilation", List{2, 3}}}},
    {"conv2d", {{2, 5, 3, 3}}, {{"channels", 3}, {"kernel", 1}, {"relu", 1}, {"bias", 1}}},
    {"conv2d",
     {{2, 3, 3, 2}, {2, 4, 3, 2}},
     {{"channels", 4}, {"kernel", 3}, {"padding", 1}, {"relu6", 1}}},
    {"dropout", {{3, 20}}},
    {"dropout", {{2, 3, 4, 2}}, {{"p", 0.2}}},
    {"dropout", {{3, 4}}, {{"p", 0.0}}},
    {"flatten", {{2, 3, 2, 2}}},
    {"l2_norm", {{4, 6}}},
    {"l2_norm", {{3, 12}}, {{"groups", 3}}},
    {"linear", {{3, 5}}, {{"features", 4}}},
    {"linear", {{1, 7}}, {{"features", 2}, {"bias", 0}}},
    {"max_pool", {{2, 2, 6, 5}}, {{"kernel", 2}}},
    {"max_pool", {{1, 2, 7, 6}}, {{"kernel", 3}, {"stride", 2}, {"padding", 1}}},
    {"max_pool", {{1, 2, 6, 6}}, {{"kernel", 3}, {"stride", 2}, {"ceil_mode", 1}}},
    {"relu", {{2, 3, 2, 3}}},
    {"relu6", {{2, 3, 3, 3}}},
    {"sigmoid", {{3, 5}}},
    {"softmax", {{3, 5}}},
    {"softmax", {{2, 1}}},
};

/// One thread: the shapes are too small to share.
class Gradient : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override { set_threads(1); }
  void TearDown() override { set_threads(before_); }

 private:
  int before_ = threads();
};

TEST_P(Gradient, EqualsTheNumericOne) {
  const Case& test = GetParam();
  KernelRunner<double> runner(spec_of(test.op, test.attributes, test.src, DType::f64),
                              Backend::reference);
  runner.draw(7);
  // Past the upper kink of ReLU6 too.
  for (auto& values : runner.src) {
    for (double& value : values) value *= 3;
  }
  runner.forward();
  runner.backward();
  const auto diff_src = runner.diff_src;
  const auto diff_parameters = runner.diff_parameters;

  const auto f = [&] {
    runner.forward();
    return std::inner_product(runner.dst.begin(), runner.dst.end(), runner.diff_dst.begin(), 0.0);
  };
  for (std::size_t i = 0; i < runner.src.size(); ++i) {
    EXPECT_TRUE(gradients_match(f, runner.src[i], diff_src[i])) << "of input " << i;
  }
  for (std::size_t i = 0; i < runner.parameters.size(); ++i) {
    if (!runner.trainable[i]) continue;
    EXPECT_TRUE(gradients_match(f, runner.parameters[i], diff_parameters[i]))
        << "of parameter " << i;
  }
}

TEST_P(Gradient, LeavesOutWhatNobodyNeeds) {
  const Case& test = GetParam();
  KernelRunner<double> runner(spec_of(test.op, test.attributes, test.src, DType::f64),
                              Backend::reference);
  runner.draw(7);
  runner.forward();
  runner.backward();
  const auto diff_src = runner.diff_src;
  const auto diff_parameters = runner.diff_parameters;
  runner.forward();
  runner.backward(true, false);
  EXPECT_EQ(runner.diff_src, diff_src);
  runner.forward();
  runner.backward(false, true);
  for (std::size_t i = 0; i < diff_parameters.size(); ++i) {
    if (!runner.trainable[i]) continue;
    EXPECT_EQ(runner.diff_parameters[i], diff_parameters[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(Operators, Gradient, ::testing::ValuesIn(cases), [](const auto& test) {
  return test.param.op + "_" + std::to_string(test.index);
});

TEST(GradientCases, CoverEveryOperator) {
  std::set<std::string> covered;
  for (const Case& test : cases) covered.insert(test.op);
  for (const std::string& name : operators().names()) EXPECT_TRUE(covered.count(name)) << name;
}

}  // namespace
}  // namespace muxnet
