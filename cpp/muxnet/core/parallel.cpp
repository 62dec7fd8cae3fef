#include "muxnet/core/parallel.hpp"

#include <cblas.h>
#include <omp.h>
#include <sched.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr double no_quota = std::numeric_limits<double>::infinity();

std::unique_ptr<tbb::global_control>& tbb_limit() {
  static std::unique_ptr<tbb::global_control> limit;
  return limit;
}

/// The first words of a file, empty where it cannot be read.
std::istringstream words_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return std::istringstream(line);
}

double quotient(const std::string& quota, double period) {
  const double microseconds = std::strtod(quota.c_str(), nullptr);  // "max" and "-1": none
  return microseconds > 0 && period > 0 ? microseconds / period : no_quota;
}

/// The group's own quota: version 2 has "QUOTA PERIOD" in one file, version 1 has two files.
double quota_of(const std::filesystem::path& group) {
  std::string quota;
  double period = 0;
  auto both = words_of(group / "cpu.max");
  if (both >> quota >> period) return quotient(quota, period);
  auto first = words_of(group / "cpu.cfs_quota_us");
  auto second = words_of(group / "cpu.cfs_period_us");
  return first >> quota && second >> period ? quotient(quota, period) : no_quota;
}

int cores_to_run_on() {
  cpu_set_t set;
  CPU_ZERO(&set);
  // Where there are more cores than the set has room for, OpenMP knows their number.
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : omp_get_num_procs();
}

}  // namespace

double core_quota(const std::filesystem::path& root) {
  std::ifstream groups(root / "proc/self/cgroup");
  double least = no_quota;
  for (std::string line; std::getline(groups, line);) {  // NUMBER:CONTROLLERS:/PATH
    const auto first = line.find(':');
    const auto second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = ',' + line.substr(first + 1, second - first - 1) + ',';
    const bool version2 = controllers == ",,";
    if (!version2 && controllers.find(",cpu,") == std::string::npos) continue;
    const auto mount = root / "sys/fs/cgroup" / (version2 ? "" : "cpu");
    // In a container the path may be one of the host, which is not to be seen here: then the
    // mounted root is the container's own group.
    for (std::filesystem::path path = line.substr(second + 1);; path = path.parent_path()) {
      least = std::min(least, quota_of(mount / path.relative_path()));
      if (!path.has_relative_path()) break;
    }
  }
  return least;
}

int usable_cores() {
  return std::max(1, static_cast<int>(std::min<double>(cores_to_run_on(), core_quota())));
}

void set_threads(int threads) {
  require(threads >= 0, "set_threads", "a number of at least 0", text(threads));
  const int count = threads == 0 ? usable_cores() : threads;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  omp_set_num_threads(count);
  openblas_set_num_threads(count);
  tbb_limit() = std::make_unique<tbb::global_control>(tbb::global_control::max_allowed_parallelism,
                                                      static_cast<std::size_t>(count));
}

int threads() { return omp_get_max_threads(); }

ThreadLimit::ThreadLimit(int most) : before_(omp_get_max_threads()) {
  omp_set_num_threads(std::min(most, before_));
}
ThreadLimit::~ThreadLimit() { omp_set_num_threads(before_); }

BlasThreads::BlasThreads(int count) : before_(openblas_get_num_threads()) {
  openblas_set_num_threads(count);
}
BlasThreads::~BlasThreads() { openblas_set_num_threads(before_); }

}  // namespace muxnet
