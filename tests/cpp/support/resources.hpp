#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstdint>

namespace muxnet::testing {

/// What the process has taken since this was made: bounds on them are wide, for what was linear in
/// its input stays far below and what was not goes far beyond.
class Taken {
 public:
  /// Growth of the process's peak, in MiB.
  std::int64_t peak_mib() const { return (peak_kib() - peak_kib_) / 1024; }

  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  static std::int64_t peak_kib() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  }

  std::int64_t peak_kib_ = peak_kib();
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace muxnet::testing
