#include "muxnet/core/lanes.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <atomic>
#include <latch>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "muxnet/core/parallel.hpp"
#include "support/errors.hpp"

namespace muxnet {
namespace {

using Tasks = std::vector<std::function<void()>>;

TEST(Lanes, RunEveryTaskOnceHoweverOften) {
  Lanes lanes(3);
  for (int round = 0; round < 50; ++round) {
    std::vector<int> done(7, 0);
    Tasks tasks;
    for (int& mine : done) tasks.emplace_back([&mine] { ++mine; });
    lanes.run(tasks);
    EXPECT_EQ(done, std::vector<int>(7, 1));
  }
  lanes.run({});
}

TEST(Lanes, WorkAtTheSameTime) {
  Lanes lanes(2);
  std::latch both(2);
  const auto meet = [&both] { both.arrive_and_wait(); };  // alone it would wait for ever
  lanes.run(Tasks{meet, meet});
}

TEST(Lanes, HaveTheirOwnNumberOfThreads) {
  const int before = threads();
  Lanes lanes(2, 3);
  std::atomic<int> sum = 0;
  const auto count = [&sum] { sum += omp_get_max_threads(); };
  lanes.run(Tasks{count, count});
  EXPECT_EQ(sum, 6);
  EXPECT_EQ(threads(), before);
}

TEST(Lanes, OneLaneIsTheCallersThread) {
  Lanes lanes(1);
  std::thread::id worker;
  lanes.run(Tasks{[&worker] { worker = std::this_thread::get_id(); }});
  EXPECT_EQ(worker, std::this_thread::get_id());
}

TEST(Lanes, FinishAllAndThrowTheFirstFailure) {
  Lanes lanes(2);
  std::atomic<int> done = 0;
  const Tasks tasks{[&done] { ++done; }, [] { throw std::runtime_error("second"); },
                    [] { throw std::runtime_error("third"); }, [&done] { ++done; }};
  EXPECT_EQ(testing::error_of<std::runtime_error>([&] { lanes.run(tasks); }), "second");
  EXPECT_EQ(done, 2);
  lanes.run(Tasks{[&done] { ++done; }});
  EXPECT_EQ(done, 3);
}

TEST(Lanes, AreAsManyAsTheTasksCanFill) {
  EXPECT_EQ(lanes_for(std::vector<double>{1, 1}, 2), 2);
  EXPECT_EQ(lanes_for(std::vector<double>{1, 0.5}, 2), 1);
  EXPECT_EQ(lanes_for(std::vector<double>{1, 0.6, 0.1}, 2), 2);
  EXPECT_EQ(lanes_for(std::vector<double>{1, 1, 1}, 8), 2);  // 3 do not divide 8
  EXPECT_EQ(lanes_for(std::vector<double>{1, 1}, 1), 1);
  EXPECT_EQ(lanes_for({}, 4), 1);
}

TEST(Lanes, RefuseNumbersBelowOne) {
  EXPECT_TRUE(
      testing::contains(testing::error_of<std::invalid_argument>([] { Lanes(0); }), "at least 1"));
  EXPECT_TRUE(
      testing::contains(testing::error_of<std::invalid_argument>([] { Lanes(1, 0); }), "1 and 0"));
}

}  // namespace
}  // namespace muxnet
