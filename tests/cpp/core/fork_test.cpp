#include "muxnet/core/fork.hpp"

#include <gtest/gtest.h>
#include <omp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <latch>
#include <stdexcept>
#include <thread>

#include "muxnet/core/lanes.hpp"
#include "support/errors.hpp"

namespace muxnet {
namespace {

#ifdef __SANITIZE_THREAD__
constexpr bool may_fork = false;  // ThreadSanitizer ends a forked process that starts a thread
#else
constexpr bool may_fork = true;
#endif

/// What `child` gives in a forked process; -1 where that hangs or crashes.
int in_child(const std::function<bool()>& child) {
  const pid_t process = fork();
  if (process == 0) {
    alarm(20);
    _exit(child() ? 1 : 0);
  }
  int status = 0;
  waitpid(process, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int threads_of_a_region() {
  std::atomic<int> threads = 0;
#pragma omp parallel num_threads(2)
  ++threads;
  return threads;
}

TEST(Fork, OpenMpWorksInParentAndChild) {
  if (!may_fork) GTEST_SKIP();
  ASSERT_EQ(threads_of_a_region(), 2);
  EXPECT_EQ(in_child([] { return threads_of_a_region() == 2; }), 1);
  EXPECT_EQ(threads_of_a_region(), 2);
}

TEST(Fork, LanesStayWithTheirProcess) {
  if (!may_fork) GTEST_SKIP();
  auto lanes = std::make_unique<Lanes>(2);
  EXPECT_EQ(in_child([&] {
              const std::vector<std::function<void()>> tasks(2, [] {});
              const auto error = testing::error_of<std::runtime_error>([&] { lanes->run(tasks); });
              lanes.reset();        // its threads are not there to be joined
              Lanes(2).run(tasks);  // others can be made
              return testing::contains(error, "[lanes] expected the process that made it");
            }),
            1);
  lanes->run(std::vector<std::function<void()>>(2, [] {}));
}

TEST(Fork, AChildOfAProcessAtWorkMayNotCompute) {
  if (!may_fork) GTEST_SKIP();
  const auto refused = [] {
    return testing::contains(
        testing::error_of<std::runtime_error>([] { require_whole_process("route"); }), "spawn");
  };
  {
    const AtWork call;
    EXPECT_EQ(AtWork::count(), 1);
    EXPECT_EQ(in_child([&] { return refused() && AtWork::count() == 0; }), 1);
  }
  EXPECT_EQ(AtWork::count(), 0);
  EXPECT_EQ(in_child([] {
              require_whole_process("route");
              return fork_generation() == 1;
            }),
            1);
  require_whole_process("route");
}

}  // namespace
}  // namespace muxnet
