#pragma once

#include <functional>
#include <span>

#include "muxnet/core/fork.hpp"

namespace muxnet {

/// Threads that work on different things side by side, where one thing alone cannot keep all cores
/// busy. Each lane has its own share of the threads for what it computes.
class Lanes {
 public:
  /// `count` lanes of `threads_each`; a single lane is the caller's own thread. Throws
  /// std::invalid_argument for numbers below 1.
  explicit Lanes(int count, int threads_each = 1);
  ~Lanes();
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  /// Runs every task, each on the lane that is free next, in the order given: longest first is
  /// best. Returns when all are done; the exception of the first task that threw is thrown then.
  /// Throws std::runtime_error in a process forked from the one that made the lanes.
  void run(std::span<const std::function<void()>> tasks);

 private:
  class Implementation;
  ProcessLocal<Implementation> implementation_;
};

/// The most lanes, of equal shares of `threads`, that tasks of these costs can fill to four fifths.
int lanes_for(std::span<const double> costs, int threads);

}  // namespace muxnet
