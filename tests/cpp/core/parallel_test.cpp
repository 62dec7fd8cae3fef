#include "muxnet/core/parallel.hpp"

#include <gtest/gtest.h>
#include <omp.h>
#include <tbb/global_control.h>

#include <stdexcept>

#include "support/errors.hpp"

namespace muxnet {
namespace {

std::size_t tbb_threads() {
  return tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism);
}

class Threads : public ::testing::Test {
 protected:
  void TearDown() override { set_threads(0); }
};

TEST_F(Threads, HoldForOpenMpAndTbbAlike) {
  for (const int count : {3, 1, 2}) {
    set_threads(count);
    EXPECT_EQ(threads(), count);
    EXPECT_EQ(omp_get_max_threads(), count);
    EXPECT_EQ(tbb_threads(), static_cast<std::size_t>(count));
  }
}

TEST_F(Threads, ZeroMeansTheCoresOfThisProcess) {
  set_threads(0);
  EXPECT_GE(threads(), 1);
  EXPECT_LE(threads(), omp_get_num_procs());
  EXPECT_EQ(tbb_threads(), static_cast<std::size_t>(threads()));
}

TEST_F(Threads, NegativeIsRefused) {
  set_threads(2);
  EXPECT_EQ(testing::error_of<std::invalid_argument>([] { set_threads(-1); }),
            "[set_threads] expected a number of at least 0, received -1");
  EXPECT_EQ(threads(), 2);
}

}  // namespace
}  // namespace muxnet
