#include "muxnet/optim/optimizer.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include "muxnet/core/parallel.hpp"
#include "muxnet/core/random.hpp"
#include "muxnet/optim/adamw.hpp"
#include "muxnet/optim/sgd.hpp"
#include "optim/golden_optim.hpp"
#include "optim/support.hpp"

namespace muxnet {
namespace {

using namespace optim_test;

void expect_golden(Optimizer& optimizer, const std::vector<std::vector<float>>& golden) {
  constexpr int size = 6;
  const std::vector<Segment> segments = {{0, 4, true}, {4, size, false}};
  std::vector<float> values, gradients(size);
  for (int i = 0; i < size; ++i) values.push_back(start_value(i));
  optimizer.init(size);
  for (int t = 0; t < static_cast<int>(golden.size()); ++t) {
    for (int i = 0; i < size; ++i) gradients[static_cast<std::size_t>(i)] = gradient(i, t);
    optimizer.apply(values, gradients, segments, 0.1 / (t + 1));
    for (std::size_t i = 0; i < size; ++i) {
      EXPECT_NEAR(values[i], golden[static_cast<std::size_t>(t)][i], 4e-7)
          << "step " << t << ", " << i;
    }
  }
}

TEST(Sgd, EqualsPyTorchWithoutMomentum) {
  Sgd optimizer({0, false, 0.25});
  expect_golden(optimizer, golden::sgd_plain);
}

TEST(Sgd, EqualsPyTorchWithMomentum) {
  Sgd optimizer({0.9, false, 0.25});
  expect_golden(optimizer, golden::sgd_momentum);
}

TEST(Sgd, EqualsPyTorchWithNesterov) {
  Sgd optimizer({0.9, true, 0.25});
  expect_golden(optimizer, golden::sgd_nesterov);
}

TEST(AdamW, EqualsPyTorch) {
  AdamW optimizer({0.9, 0.99, 1e-6, 0.5});
  expect_golden(optimizer, golden::adamw);
}

const std::vector<Segment> both = {{0, 2, true}};

TEST(Sgd, StepsAreAsComputedByHand) {
  Sgd optimizer({0.5, false, 0});
  optimizer.init(2);
  std::vector<float> values = {1, -1};
  optimizer.apply(values, std::vector<float>{2, 4}, both, 0.25);
  EXPECT_EQ(values, (std::vector<float>{0.5F, -2}));
  // The second step carries half of the first: 0.5 * 2 + 2 and 0.5 * 4 + 0.
  optimizer.apply(values, std::vector<float>{2, 0}, both, 0.25);
  EXPECT_EQ(values, (std::vector<float>{-0.25F, -2.5F}));
}

TEST(Sgd, NesterovLooksAhead) {
  Sgd optimizer({0.5, true, 0});
  optimizer.init(2);
  std::vector<float> values = {1, -1};
  // g + 0.5 b with b = g: one and a half times the gradient.
  optimizer.apply(values, std::vector<float>{2, 4}, both, 0.25);
  EXPECT_EQ(values, (std::vector<float>{0.25F, -2.5F}));
}

TEST(AdamW, FirstStepIsTheSignOfTheGradient) {
  AdamW optimizer({0.9, 0.999, 1e-12, 0});
  optimizer.init(2);
  std::vector<float> values = {1, -1};
  optimizer.apply(values, std::vector<float>{300, -1e-4F}, both, 0.5);
  EXPECT_NEAR(values[0], 0.5, 1e-6);
  EXPECT_NEAR(values[1], -0.5, 1e-6);
}

TEST(AdamW, DecayActsOnTheValueNotOnTheGradient) {
  AdamW optimizer({0.9, 0.999, 1e-8, 0.5});
  optimizer.init(2);
  std::vector<float> values = {8, 8};
  const std::vector<Segment> one_decays = {{0, 1, true}, {1, 2, false}};
  optimizer.apply(values, std::vector<float>{0, 0}, one_decays, 0.5);
  EXPECT_EQ(values, (std::vector<float>{6, 8}));
}

/// An optimizer added from outside is tested like the others.
const bool heavy_ball_added = [] {
  optimizers().add(
      {"heavy_ball", "SGD with momentum", [](const OptimizerOptions& options) {
         return std::make_unique<Sgd>(SgdOptions{options.momentum, false, options.weight_decay});
       }});
  return true;
}();

class EveryOptimizer : public ::testing::TestWithParam<std::string> {
 protected:
  static constexpr std::int64_t size = 50'003;  // several threads, an odd end

  std::unique_ptr<Optimizer> make() const {
    OptimizerOptions options;
    options.name = GetParam();
    options.weight_decay = 0.01;
    auto optimizer = make_optimizer(options);
    optimizer->init(size);
    return optimizer;
  }

  static std::vector<float> random_values(std::uint64_t stream) {
    Random random(11, stream);
    std::vector<float> values(size);
    for (float& value : values) value = static_cast<float>(random.normal());
    return values;
  }

  static void advance(Optimizer& optimizer, std::vector<float>& values, int first, int last) {
    const std::vector<Segment> segments = {{0, 7, false}, {7, 20'000, true}, {20'011, size, true}};
    for (int t = first; t < last; ++t) {
      optimizer.apply(values, random_values(static_cast<std::uint64_t>(t) + 1), segments, 0.01);
    }
  }
};

TEST_P(EveryOptimizer, ResumesToTheSameBits) {
  auto straight = make(), before = make(), after = make();
  auto expected = random_values(0), received = expected;
  advance(*straight, expected, 0, 4);
  advance(*before, received, 0, 2);
  const auto state = before->state();
  // Both ways the state is a copy: neither optimizer that goes on from it may change it.
  after->load_state(state);
  for (auto* other : {before.get(), after.get()}) {
    auto discarded = received;
    advance(*other, discarded, 2, 3);
  }
  after->load_state(state);
  EXPECT_EQ(after->step(), 2);
  advance(*after, received, 2, 4);
  EXPECT_EQ(expected, received);
}

TEST_P(EveryOptimizer, InitForgetsTheState) {
  auto used = make(), fresh = make();
  auto values = random_values(0), expected = values;
  auto discarded = values;
  advance(*used, discarded, 0, 2);
  used->init(size);
  advance(*used, values, 0, 2);
  advance(*fresh, expected, 0, 2);
  EXPECT_EQ(values, expected);
}

TEST_P(EveryOptimizer, GivesTheSameBitsForAnyThreadCount) {
  const int kept = threads();
  std::vector<std::vector<float>> results;
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    auto optimizer = make();
    results.push_back(random_values(0));
    advance(*optimizer, results.back(), 0, 3);
  }
  set_threads(kept);
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

TEST_P(EveryOptimizer, LeavesValuesOutsideSegmentsAlone) {
  auto optimizer = make();
  const auto before = random_values(0);
  auto values = before;
  advance(*optimizer, values, 0, 2);
  for (std::size_t i = 0; i < before.size(); ++i) {
    const bool outside = i >= 20'000 && i < 20'011;
    ASSERT_EQ(values[i] == before[i], outside) << i;
  }
}

TEST_P(EveryOptimizer, DescendsAParabola) {
  OptimizerOptions options;
  options.name = GetParam();
  auto optimizer = make_optimizer(options);
  optimizer->init(2);
  std::vector<float> values = {3, -2}, gradients(2);
  for (int t = 0; t < 400; ++t) {
    gradients = {2 * values[0], 2 * values[1]};
    optimizer->apply(values, gradients, both, 0.02);
  }
  EXPECT_NEAR(values[0], 0, 1e-2);
  EXPECT_NEAR(values[1], 0, 1e-2);
}

TEST_P(EveryOptimizer, RefusesWhatDoesNotFit) {
  OptimizerOptions options;
  options.name = GetParam();
  auto optimizer = make_optimizer(options);
  optimizer->init(2);
  const std::string where = "[optimizer.apply] expected ";
  std::vector<float> two(2), three(3);
  expect_error([&] { optimizer->apply(two, three, both, 0.1); },
               where + "2 values and gradients, received 2 and 3");
  const std::vector<Segment> too_long = {{0, 3, true}}, overlapping = {{0, 2, true}, {1, 2, true}};
  expect_error([&] { optimizer->apply(two, two, too_long, 0.1); },
               where + "segments in order, disjoint and within [0, 2), received [0, 3) after 0");
  expect_error([&] { optimizer->apply(two, two, overlapping, 0.1); },
               where + "segments in order, disjoint and within [0, 2), received [1, 2) after 2");
  expect_error([&] { optimizer->apply(two, two, both, -0.5); },
               where + "a learning rate of at least 0, received -0.5");
  expect_error([&] { optimizer->apply(two, two, both, std::numeric_limits<double>::quiet_NaN()); },
               where + "a learning rate of at least 0, received nan");
  EXPECT_EQ(optimizer->step(), 0);
  EXPECT_THROW(optimizer->init(-1), std::invalid_argument);
}

TEST_P(EveryOptimizer, RefusesAForeignState) {
  auto optimizer = make();
  auto values = random_values(0);
  advance(*optimizer, values, 0, 1);
  const auto good = optimizer->state();
  auto without_step = good, surplus = good, wrong_size = good;
  without_step.erase("step");
  expect_error([&] { optimizer->load_state(without_step); },
               "[optimizer.load_state] expected a tensor \"step\", received none");
  surplus.emplace("surplus", Tensor({1}));
  expect_error(
      [&] { optimizer->load_state(surplus); },
      "[optimizer.load_state] expected only this optimizer's own tensors, received surplus");
  const std::string name = good.begin()->first;
  wrong_size[name] = Tensor({3});
  expect_error([&] { optimizer->load_state(wrong_size); },
               "[optimizer.load_state] expected " + name + ": f32 (50003), received f32 (3)");
  // A refused state changes nothing.
  const auto kept = optimizer->state();
  EXPECT_EQ(std::memcmp(kept.at(name).raw(), good.at(name).raw(), good.at(name).bytes()), 0);
  EXPECT_EQ(optimizer->step(), 1);
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryOptimizer, ::testing::ValuesIn(optimizers().names()),
                         [](const auto& tested) { return tested.param; });

TEST(Optimizers, AreListedByName) {
  EXPECT_TRUE(heavy_ball_added);
  EXPECT_EQ(optimizers().names(), (std::vector<std::string>{"sgd", "adamw", "heavy_ball"}));
  OptimizerOptions options;
  options.name = "lion";
  expect_error([&] { make_optimizer(options); },
               "[optimizers] expected one of sgd, adamw, heavy_ball, received lion");
}

TEST(Optimizers, TakeTheirOwnOptions) {
  OptimizerOptions options;
  options.momentum = 0;
  const auto plain = make_optimizer(options);
  plain->init(1);
  EXPECT_FALSE(plain->state().contains("momentum"));
  options.momentum = 1;
  expect_error([&] { make_optimizer(options); }, "[sgd] expected momentum in [0, 1), received 1");
  expect_error(
      [] {
        Sgd({0.9, true, -1});
      },
      "[sgd] expected weight_decay of at least 0, received -1");
  options.name = "adamw";
  options.beta1 = 1;
  expect_error([&] { make_optimizer(options); }, "[adamw] expected beta1 in [0, 1), received 1");
  expect_error(
      [] {
        AdamW({0.9, -0.5, 1e-8, 0});
      },
      "[adamw] expected beta2 in [0, 1), received -0.5");
  expect_error([] { AdamW({0.9, 0.999, 0, 0}); }, "[adamw] expected eps above 0, received 0");
}

}  // namespace
}  // namespace muxnet
