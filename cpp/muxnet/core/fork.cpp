#include "muxnet/core/fork.hpp"

#include <omp.h>
#include <pthread.h>

#include <atomic>
#include <stdexcept>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr auto advice = "a process started anew (multiprocessing's method 'spawn')";

// Trivially destroyed: threads may outlive static objects.
std::atomic<int> at_work{0};
std::atomic<int> generation{0};
std::atomic<bool> broken{false};  // another call was at work when this process was forked

[[maybe_unused]] const int handlers = pthread_atfork(
    // Our own pool begins anew; of a libgomp loaded before it the child would wait for threads that
    // it does not have.
    [] { omp_pause_resource_all(omp_pause_soft); }, nullptr,
    [] {
      if (at_work.exchange(0) > 0) broken = true;
      ++generation;
    });

}  // namespace

AtWork::AtWork() : home_(generation) { ++at_work; }

AtWork::~AtWork() {
  if (home_ == generation) --at_work;
}

int AtWork::count() { return at_work; }

void require_whole_process(std::string_view where) {
  if (broken) {
    throw std::runtime_error(error_text(where, advice, "one forked while muxnet was at work"));
  }
}

int fork_generation() { return generation; }

void refuse_after_fork(std::string_view where) {
  throw std::runtime_error(
      error_text(where, text("the process that made it, or ", advice), "one forked from it"));
}

}  // namespace muxnet
