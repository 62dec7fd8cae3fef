#include "muxnet/server/background.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>

#include "server/log_lines.hpp"

namespace muxnet {
namespace {

constexpr double long_ms = 60'000;

template <class Condition>
void wait_until(const Condition& condition) {
  while (!condition()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

TEST(Background, TriesAStepThatFailsAgainAndShowsIt) {
  testing::LogLines lines;
  Background background(lines.log());
  std::atomic<int> steps = 0;
  background.every(0.001, "flaky", [&] {
    if (++steps < 3) throw std::runtime_error("no descriptors");
  });
  wait_until([&] { return steps > 4; });
  EXPECT_TRUE(background.stop(long_ms));
  const TaskState state = background.tasks().front();
  EXPECT_EQ(state.name, "flaky");
  EXPECT_EQ(state.failures, 2);
  EXPECT_EQ(state.trouble, "");
  const auto failed = lines.of("background task failed");
  ASSERT_EQ(failed.size(), 2U);
  EXPECT_EQ(failed[0].at("reason"), "no descriptors");
  EXPECT_EQ(failed[0].at("level"), "error");
  EXPECT_EQ(lines.of("background task works again").size(), 1U);
}

TEST(Background, PausesGrowToTenSecondsWhileAStepFails) {
  std::vector<double> pauses;
  double pause_s = 1;
  for (int i = 0; i < 5; ++i) pauses.push_back(pause_s = longer_pause(pause_s, 1));
  EXPECT_EQ(pauses, (std::vector<double>{2, 4, 8, 10, 10}));
  EXPECT_EQ(longer_pause(30, 30), 30);
}

TEST(Background, WakesATaskFromItsPause) {
  testing::LogLines lines;
  Background background(lines.log());
  std::atomic<int> steps = 0;
  background.every(3600, "seldom", [&] { ++steps; });
  wait_until([&] { return steps == 1; });
  background.wake("seldom");
  wait_until([&] { return steps == 2; });
  EXPECT_TRUE(background.stop(long_ms));
}

TEST(Background, ShowsItsTasksWhileMoreAreAdded) {  // which ThreadSanitizer watches
  testing::LogLines lines;
  Background background(lines.log());
  std::atomic<std::size_t> seen = 0;
  background.every(0.0001, "watch", [&] { seen = background.tasks().size(); });
  for (int i = 0; i < 20; ++i) background.every(1, "another", [] {});
  wait_until([&] { return seen == 21; });
  EXPECT_TRUE(background.stop(long_ms));
}

TEST(Background, ShowsAStepThatDoesNotEnd) {
  testing::LogLines lines;
  Background background(lines.log(), 0.001);
  std::promise<void> release;
  background.every(0.001, "slow", [released = release.get_future().share()] { released.wait(); });
  wait_until([&] { return background.tasks().front().trouble == "slow does not end"; });
  background.tell_overdue();
  background.tell_overdue();
  EXPECT_EQ(lines.of("background task does not end").size(), 1U);
  EXPECT_FALSE(background.stop(1));
  release.set_value();
  EXPECT_TRUE(background.stop(long_ms));
  EXPECT_EQ(background.tasks().front().trouble, "");
}

}  // namespace
}  // namespace muxnet
