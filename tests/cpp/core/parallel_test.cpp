#include "muxnet/core/parallel.hpp"

#include <gtest/gtest.h>
#include <omp.h>
#include <tbb/global_control.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <stdexcept>

#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

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

/// A file system with one process' control groups.
class Root {
 public:
  explicit Root(const std::string& groups) { write("proc/self/cgroup", groups); }
  void write(const std::string& name, const std::string& content) const {
    const auto path = folder_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << content << '\n';
  }
  double quota() const { return core_quota(folder_.path()); }

 private:
  testing::TemporaryFolder folder_;
};

TEST(CoreQuota, IsInfiniteWithoutOne) {
  EXPECT_EQ(core_quota("/nowhere"), std::numeric_limits<double>::infinity());
  const Root root("0::/a");
  EXPECT_TRUE(std::isinf(root.quota()));
  root.write("sys/fs/cgroup/a/cpu.max", "max 100000");
  EXPECT_TRUE(std::isinf(root.quota()));
}

TEST(CoreQuota, IsTheLeastOfTheGroupAndThoseAroundIt) {
  const Root root("0::/a/b");
  root.write("sys/fs/cgroup/a/b/cpu.max", "400000 100000");
  EXPECT_EQ(root.quota(), 4);
  root.write("sys/fs/cgroup/a/cpu.max", "150000 100000");
  EXPECT_EQ(root.quota(), 1.5);
}

TEST(CoreQuota, IsThatOfTheMountedRootInAContainer) {
  const Root root("0::/../../host.slice/this");
  root.write("sys/fs/cgroup/cpu.max", "200000 100000");
  EXPECT_EQ(root.quota(), 2);
}

TEST(CoreQuota, IsReadFromVersionOneToo) {
  const Root root("12:memory:/a\n4:cpuacct,cpu:/a\n");
  root.write("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "300000");
  root.write("sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000");
  EXPECT_EQ(root.quota(), 3);
  root.write("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "-1");
  EXPECT_TRUE(std::isinf(root.quota()));
}

}  // namespace
}  // namespace muxnet
