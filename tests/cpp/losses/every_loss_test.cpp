#include "losses/problems.hpp"
#include "losses/support.hpp"
#include "support/gradient_check.hpp"

namespace muxnet {
namespace {

class EveryLoss : public ::testing::TestWithParam<LossEntry> {};

TEST_P(EveryLoss, GradientIsTheDerivativeOfTheValue) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    LossProblem problem = GetParam().problem(random, DType::f64);
    const auto gradients = problem.gradients();
    ASSERT_EQ(gradients.size(), problem.inputs.size());
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      EXPECT_EQ(gradients[i].shape(), problem.inputs[i].shape());
      EXPECT_TRUE(testing::gradients_match(problem.value, problem.inputs[i].span<double>(),
                                           gradients[i].span<double>()));
    }
  }
}

TEST_P(EveryLoss, SinglePrecisionIsCloseToDouble) {
  Random first(7), second(7);
  const LossProblem exact = GetParam().problem(first, DType::f64);
  const LossProblem single = GetParam().problem(second, DType::f32);
  EXPECT_NEAR(single.value(), exact.value(), 1e-6 * std::max(1.0, std::abs(exact.value())));
  const auto wanted = exact.gradients();
  const auto received = single.gradients();
  ASSERT_EQ(received.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    for (std::int64_t k = 0; k < wanted[i].size(); ++k) {
      EXPECT_NEAR(received[i].data<float>()[k], wanted[i].data<double>()[k], 2e-6);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryLoss, ::testing::ValuesIn(loss_problems().entries()),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace muxnet
