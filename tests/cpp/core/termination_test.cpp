#include "muxnet/core/termination.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

namespace muxnet {
namespace {

class TerminationDeathTest : public ::testing::Test {
 protected:
  TerminationDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

[[noreturn]] void go_on() {
  for (;;) pause();
}

TEST_F(TerminationDeathTest, EndsAProcessThatDoesNotEndItself) {
  const auto ignore = [](int) { (void)!write(STDERR_FILENO, "told, ", 6); };
  const auto run = [&] {
    (void)std::signal(SIGTERM, ignore);
    end_within(20);
    (void)std::raise(SIGTERM);
    go_on();
  };
  EXPECT_EXIT(run(), ::testing::ExitedWithCode(1), "told, .*ended by force");
}

TEST_F(TerminationDeathTest, EndsItAtOnceAtTheSecondSignal) {
  const auto run = [] {
    end_within(1e6);
    (void)std::raise(SIGTERM);
    (void)std::raise(SIGINT);
    go_on();
  };
  EXPECT_EXIT(run(), ::testing::KilledBySignal(SIGINT), "");
}

TEST(Termination, RefusesTimesThatAreNone) { EXPECT_THROW(end_within(-1), std::invalid_argument); }

}  // namespace
}  // namespace muxnet
