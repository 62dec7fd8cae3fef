// What oneDNN, OpenBLAS and our loops find behind OpenMP's names in a program of ours.
#include "muxnet/openmp/team_pool.hpp"

#include <gtest/gtest.h>
#include <omp.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <numeric>
#include <thread>
#include <vector>

#include "muxnet/core/parallel.hpp"
#include "muxnet/openmp/openmp.hpp"

namespace muxnet {
namespace {

/// Sum of 0 .. n-1 by a loop that a team of `threads` divides.
std::int64_t sum_in_parallel(std::int64_t n, int threads) {
  std::int64_t sum = 0;
#pragma omp parallel for num_threads(threads) reduction(+ : sum)
  for (std::int64_t i = 0; i < n; ++i) sum += i;
  return sum;
}

TEST(OpenMp, IsOurs) { EXPECT_TRUE(openmp::is_ours()); }

TEST(OpenMp, EachMemberRunsOnceAndKnowsItsPlace) {
  for (const int size : {1, 2, 3, 8}) {
    std::array<std::atomic<int>, 8> runs{};
    std::atomic<int> wrong = 0;
#pragma omp parallel num_threads(size)
    {
      ++runs.at(static_cast<std::size_t>(omp_get_thread_num()));
      if (omp_get_num_threads() != size || (omp_in_parallel() != 0) != (size > 1)) ++wrong;
    }
    EXPECT_EQ(wrong, 0) << size;
    for (std::size_t i = 0; i < runs.size(); ++i) EXPECT_EQ(runs.at(i), i < std::size_t(size));
  }
  EXPECT_EQ(omp_in_parallel(), 0);
  EXPECT_EQ(omp_get_num_threads(), 1);
  EXPECT_EQ(omp_get_thread_num(), 0);
}

TEST(OpenMp, ATeamInsideATeamIsItsCallerAlone) {
  std::atomic<int> inner = 0, wrong = 0;
#pragma omp parallel num_threads(3)
  {
    const int outer = omp_get_thread_num();
#pragma omp parallel num_threads(4)
    {
      ++inner;
      if (omp_get_num_threads() != 1 || omp_in_parallel() == 0) ++wrong;
    }
    if (omp_get_thread_num() != outer || omp_get_num_threads() != 3) ++wrong;
  }
  EXPECT_EQ(inner, 3);
  EXPECT_EQ(wrong, 0);
}

TEST(OpenMp, NobodyPassesABarrierBeforeAllHaveCome) {
  constexpr int size = 4, rounds = 200;
  std::array<std::atomic<int>, size> come{};
  std::atomic<int> early = 0;
#pragma omp parallel num_threads(size)
  for (int round = 1; round <= rounds; ++round) {
    ++come.at(static_cast<std::size_t>(omp_get_thread_num()));
#pragma omp barrier
    for (const auto& other : come) early += other < round;
#pragma omp barrier
  }
  EXPECT_EQ(early, 0);
}

TEST(OpenMp, MembersMayWaitForEachOtherByThemselves) {
  constexpr int size = 4;
  std::array<std::atomic<bool>, size> begun{};
#pragma omp parallel num_threads(size)
  {
    const auto mine = static_cast<std::size_t>(omp_get_thread_num());
    begun.at(mine) = true;
    while (!begun.at((mine + 1) % size)) std::this_thread::yield();
  }
  for (const auto& each : begun) EXPECT_TRUE(each);
}

TEST(OpenMp, SeveralCallersHaveTeamsOfTheirOwn) {
  std::atomic<int> wrong = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&wrong, caller] {
      for (int i = 0; i < 300; ++i) {
        const std::int64_t n = 100 + caller + i;
        wrong += sum_in_parallel(n, 2 + caller % 2) != n * (n - 1) / 2;
      }
    });
  }
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST(OpenMp, TheNumberOfThreadsBelongsToTheThread) {
  const int before = omp_get_max_threads();
  EXPECT_EQ(std::getenv("OMP_NUM_THREADS") == nullptr, before == usable_cores());
  int elsewhere = 0;
  std::thread([&] {
    omp_set_num_threads(before + 3);
    elsewhere = omp_get_max_threads();
  }).join();
  EXPECT_EQ(elsewhere, before + 3);
  EXPECT_EQ(omp_get_max_threads(), before);
  {
    const ThreadLimit limit(1);
    EXPECT_EQ(omp_get_max_threads(), 1);
    const ThreadLimit wider(5);
    EXPECT_EQ(omp_get_max_threads(), 1);
  }
  EXPECT_EQ(omp_get_max_threads(), before);
}

TEST(OpenMp, WhoWaitsSleeps) {
  // A member that takes long costs the others no processor time while they wait for it.
  const auto used = [] {
    timespec spent{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
  };
  sum_in_parallel(1000, 3);
  const auto before = used();
#pragma omp parallel num_threads(3)
  {
    if (omp_get_thread_num() == 1) std::this_thread::sleep_for(std::chrono::milliseconds(300));
#pragma omp barrier
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_LT(used() - before, std::chrono::milliseconds(100));
}

/// Runs `body` on a helper, while the caller waits for it in a loop of its own, as oneDNN does.
void on_helper(const std::function<void()>& body) {
  std::atomic<bool> done = false;
#pragma omp parallel num_threads(2)
  if (omp_get_thread_num() == 1) {
    body();
    done = true;
  } else {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!done && std::chrono::steady_clock::now() < end) {
    }
  }
}

TEST(OpenMp, AHelperIsNotWokenBehindItsCallerAndMayGoAnywhereAgain) {
  cpu_set_t all, own, found;
  ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
  if (CPU_COUNT(&all) < 2) GTEST_SKIP() << "one CPU";
  const int here = sched_getcpu();
  CPU_ZERO(&own);
  CPU_SET(here, &own);
  ASSERT_EQ(sched_setaffinity(0, sizeof own, &own), 0);
  constexpr int times = 40;
  int elsewhere = 0, free = 0;
  for (int i = 0; i < times; ++i) {
    on_helper([&] {  // it falls asleep on the caller's CPU, from which it could go
      sched_setaffinity(0, sizeof own, &own);
      sched_setaffinity(0, sizeof all, &all);
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    on_helper([&] {
      if (sched_getcpu() != here) ++elsewhere;
      sched_getaffinity(0, sizeof found, &found);
      if (CPU_EQUAL(&found, &all)) ++free;
    });
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof all, &all), 0);
  EXPECT_EQ(free, times);
  EXPECT_GE(elsewhere, times / 4);  // Linux decides: 23 to 40 of 40, and 0 to 3 left to itself
}

TEST(OpenMp, AChildMadeByForkHasThreadsToo) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer lets no child of a process with threads have some of its own";
#endif
  EXPECT_EQ(sum_in_parallel(1000, 3), 499500);
  const pid_t child = fork();
  if (child == 0) _exit(sum_in_parallel(1000, 3) == 499500 ? 0 : 1);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace muxnet
