#include "muxnet/optim/schedule.hpp"

#include "optim/golden_optim.hpp"
#include "optim/support.hpp"

namespace muxnet {
namespace {

using namespace optim_test;

ScheduleOptions options_of(const std::string& name, double warmup) {
  ScheduleOptions options;
  options.name = name;
  options.learning_rate = 0.4;
  options.warmup = warmup;
  return options;
}

void expect_golden(const ScheduleOptions& options, const std::vector<double>& golden) {
  const auto schedule = make_schedule(options);
  for (std::size_t step = 0; step < golden.size(); ++step) {
    EXPECT_NEAR(schedule->learning_rate(static_cast<std::int64_t>(step), 10), golden[step], 1e-14)
        << "step " << step;
  }
}

TEST(Schedule, StepEqualsPyTorch) {
  auto options = options_of("step", 0);
  options.milestones = {0.5, 0.8};
  expect_golden(options, golden::schedules[0]);
}

TEST(Schedule, CosineEqualsPyTorch) {
  auto options = options_of("cosine", 0);
  options.final_ratio = 0.1;
  expect_golden(options, golden::schedules[1]);
}

TEST(Schedule, OneCycleEqualsPyTorch) {
  auto options = options_of("one_cycle", 0.35);
  options.anneal = "linear";
  options.initial_ratio = 0.04;
  options.final_ratio = 0.01;
  expect_golden(options, golden::schedules[2]);
}

TEST(Schedule, ConstantIsConstant) {
  const auto schedule = make_schedule(options_of("constant", 0));
  for (const int step : {0, 5, 9, 10}) EXPECT_EQ(schedule->learning_rate(step, 10), 0.4);
}

TEST(Schedule, CosineWarmsUpLinearly) {
  const auto schedule = make_schedule(options_of("cosine", 0.4));
  // Warm-up ends at step 0.4 * 10 - 1 = 3.
  EXPECT_NEAR(schedule->learning_rate(0, 10), 0.1, 1e-15);
  EXPECT_NEAR(schedule->learning_rate(2, 10), 0.3, 1e-15);
  EXPECT_NEAR(schedule->learning_rate(3, 10), 0.4, 1e-15);
  EXPECT_NEAR(schedule->learning_rate(6, 10), 0.2, 1e-15);
  EXPECT_NEAR(schedule->learning_rate(9, 10), 0, 1e-15);
}

TEST(Schedule, OneCycleEndPoints) {
  for (const std::string anneal : {"cosine", "linear"}) {
    auto options = options_of("one_cycle", 0.3);
    options.anneal = anneal;
    options.initial_ratio = 0.1;
    options.final_ratio = 0.05;
    const auto schedule = make_schedule(options);
    EXPECT_NEAR(schedule->learning_rate(0, 100), 0.04, 1e-15);
    EXPECT_NEAR(schedule->learning_rate(29, 100), 0.4, 1e-15);
    EXPECT_NEAR(schedule->learning_rate(64, 100), 0.21, 1e-15);
    EXPECT_NEAR(schedule->learning_rate(99, 100), 0.02, 1e-15);
  }
}

class EverySchedule : public ::testing::TestWithParam<std::string> {};

TEST_P(EverySchedule, StaysWithinItsPeak) {
  for (const double warmup : {0.0, 0.05, 0.5, 0.99}) {
    const auto schedule = make_schedule(options_of(GetParam(), warmup));
    for (const int total : {1, 2, 3, 17, 100}) {
      double highest = 0;
      for (int step = 0; step < total; ++step) {
        const double rate = schedule->learning_rate(step, total);
        EXPECT_GE(rate, 0);
        EXPECT_LE(rate, 0.4 * (1 + 1e-15)) << step << " of " << total;
        highest = std::max(highest, rate);
      }
      EXPECT_GT(highest, 0) << "total " << total << ", warm-up " << warmup;
    }
  }
}

TEST_P(EverySchedule, KeepsTheLastRateAfterTheEnd) {
  const auto schedule = make_schedule(options_of(GetParam(), 0.2));
  EXPECT_EQ(schedule->learning_rate(50, 10), schedule->learning_rate(9, 10));
}

TEST_P(EverySchedule, RefusesBadSteps) {
  const auto schedule = make_schedule(options_of(GetParam(), 0.2));
  const std::string expected =
      "[schedule.learning_rate] expected step >= 0 and total_steps >= 1, received step ";
  expect_error([&] { schedule->learning_rate(-1, 10); }, expected + "-1 of 10");
  expect_error([&] { schedule->learning_rate(0, 0); }, expected + "0 of 0");
}

INSTANTIATE_TEST_SUITE_P(Registry, EverySchedule, ::testing::ValuesIn(schedules().names()),
                         [](const auto& tested) { return tested.param; });

TEST(Schedule, RefusesBadOptions) {
  const auto refuses = [](const auto& change, const std::string& message) {
    ScheduleOptions options = options_of("one_cycle", 0.2);
    change(options);
    expect_error([&] { make_schedule(options); }, "[make_schedule] expected " + message);
  };
  ScheduleOptions unknown;
  unknown.name = "linear";
  expect_error([&] { make_schedule(unknown); },
               "[schedules] expected one of one_cycle, cosine, step, constant, received linear");
  refuses([](auto& o) { o.learning_rate = 0; }, "learning_rate above 0, received 0");
  refuses([](auto& o) { o.warmup = 1; }, "warmup in [0, 1), received 1");
  refuses([](auto& o) { o.final_ratio = 2; }, "final_ratio in [0, 1], received 2");
  refuses([](auto& o) { o.initial_ratio = -1; }, "initial_ratio in [0, 1], received -1");
  refuses([](auto& o) { o.anneal = "steep"; }, "anneal cosine or linear, received steep");
  refuses([](auto& o) { o.name = "step", o.decay = 0; }, "decay in (0, 1], received 0");
  refuses(
      [](auto& o) {
        o.name = "step", o.milestones = {0.7, 0.5};
      },
      "milestones that rise within (0, 1), received 0.5 after 0.7");
}

}  // namespace
}  // namespace muxnet
