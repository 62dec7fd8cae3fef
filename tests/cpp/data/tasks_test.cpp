#include "muxnet/data/tasks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <vector>

#include "muxnet/core/parallel.hpp"

namespace muxnet {
namespace {

TEST(TaskQueue, RunsJobsInOrderEvenWhereTbbMayUseOneThreadOnly) {
  set_threads(1);
  std::vector<int> order;
  std::promise<void> finished;
  TaskQueue queue;
  for (int i = 0; i < 50; ++i) {
    queue.push([&, i] {
      order.push_back(i);
      if (i == 49) finished.set_value();
    });
  }
  finished.get_future().wait();
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_EQ(order.size(), 50u);
  set_threads(0);
}

TEST(TaskQueue, ItsEndWaitsForRunningJobsAndDiscardsTheOthers) {
  for (int repeat = 0; repeat < 100; ++repeat) {
    auto touched = std::make_shared<std::atomic<int>>(0);
    {
      TaskQueue queue;
      for (int i = 0; i < 20; ++i) queue.push([touched] { ++*touched; });
    }
    EXPECT_EQ(touched.use_count(), 1) << "a job is still there";
  }
}

TEST(TaskQueue, OneQueueDoesNotWaitForAnothersJobs) {
  std::promise<void> release;
  std::promise<void> started;
  TaskQueue slow;
  slow.push([&] {
    started.set_value();
    release.get_future().wait();
  });
  started.get_future().wait();
  { const TaskQueue other; }
  release.set_value();
}

TEST(ParallelFor, RunsEveryBodyOnce) {
  for (const int threads : {1, 4}) {
    set_threads(threads);
    std::vector<int> runs(1000);
    parallel_for(runs.size(), [&](std::size_t i) { ++runs[i]; });
    EXPECT_EQ(std::count(runs.begin(), runs.end(), 1), 1000);
  }
  set_threads(0);
}

TEST(ParallelFor, ThrowsWhatABodyThrows) {
  EXPECT_THROW(parallel_for(100,
                            [](std::size_t i) {
                              if (i == 63) throw std::out_of_range("63");
                            }),
               std::out_of_range);
}

}  // namespace
}  // namespace muxnet
