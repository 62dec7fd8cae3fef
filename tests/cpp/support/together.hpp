#pragma once

#include <exception>
#include <latch>
#include <thread>
#include <vector>

namespace muxnet::testing {

/// work(0) .. work(threads - 1), each on a thread of its own, begun at the same time; throws what
/// one of them has thrown.
template <class Work>
void together(int threads, const Work& work) {
  std::latch start(threads);
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(threads));
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&, i] {
      start.arrive_and_wait();
      try {
        work(i);
      } catch (...) {
        failures[static_cast<std::size_t>(i)] = std::current_exception();
      }
    });
  }
  for (auto& thread : running) thread.join();
  for (const auto& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace muxnet::testing
