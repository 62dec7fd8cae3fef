#pragma once

#include <filesystem>

namespace muxnet {

/// Threads for OpenMP (oneDNN, OpenBLAS, our kernels) and TBB (data pipeline, request path)
/// alike; 0 means usable_cores(). Throws std::invalid_argument when negative.
void set_threads(int threads);

/// The number set_threads settled on.
int threads();

/// The cores that this process may use, at least 1: those it may run on, and no more than whole
/// ones in its CPU quota (control groups of both versions, this one's and those around it).
int usable_cores();

/// The quota alone, in cores; infinity without one. `root` holds proc/self/cgroup and
/// sys/fs/cgroup.
double core_quota(const std::filesystem::path& root = "/");

/// At most so many threads for what the calling thread computes, for as long as this lives.
class ThreadLimit {
 public:
  explicit ThreadLimit(int most);
  ~ThreadLimit();
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;

 private:
  int before_;
};

/// OpenBLAS's number of threads while it lives. There is one for the whole process, which changes
/// with unlocked memory when a caller's OpenMP number differs: it must be right before threads
/// compute side by side.
class BlasThreads {
 public:
  explicit BlasThreads(int count);
  ~BlasThreads();
  BlasThreads(const BlasThreads&) = delete;
  BlasThreads& operator=(const BlasThreads&) = delete;

 private:
  int before_;
};

}  // namespace muxnet
