#include "muxnet/service/timers.hpp"

#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace muxnet {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

Timers::Id add(Timers& timers, Timers::Time when, std::function<void()> task) {
  const Timers::Id id = timers.at(when);
  timers.add(id, std::move(task));
  return id;
}

TEST(Timers, RunTasksInTheOrderOfTheirTimesButForThoseCancelled) {
  Timers timers;
  const auto now = std::chrono::steady_clock::now();
  std::vector<int> ran;
  std::promise<void> done;
  add(timers, now + milliseconds(30), [&] { done.set_value(); });
  add(timers, now + milliseconds(20), [&] { ran.push_back(2); });
  add(timers, now + milliseconds(10), [&] { ran.push_back(1); });
  timers.cancel(add(timers, now + milliseconds(15), [&] { ran.push_back(0); }));
  done.get_future().wait();
  EXPECT_EQ(ran, (std::vector<int>{1, 2}));
}

TEST(Timers, WakeForATaskBeforeTheOneWaitedFor) {
  Timers timers;
  const auto now = std::chrono::steady_clock::now();
  add(timers, now + hours(1), [] { FAIL(); });
  std::promise<void> done;
  add(timers, now + milliseconds(1), [&] { done.set_value(); });
  done.get_future().wait();
}

TEST(Timers, RunAllAtOnceAndNothingAfterTheirEnd) {
  Timers timers;
  const auto late = std::chrono::steady_clock::now() + hours(1);
  int ran = 0;
  for (int i = 0; i < 3; ++i) add(timers, late, [&] { ++ran; });
  timers.run_all();
  EXPECT_EQ(ran, 3);
  add(timers, late, [&] { ++ran; });
  timers.close();
  add(timers, late, [&] { ++ran; });
  timers.run_all();
  EXPECT_EQ(ran, 3);
}

}  // namespace
}  // namespace muxnet
