#include <omp.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "muxnet/openmp/openmp.hpp"

namespace muxnet::openmp {
namespace {

/// libgomp looks for milliseconds before it sleeps, unless it has more threads than there are
/// cores: then for a hundred steps. So it gets more, which sleep from then on.
void calm_libgomp() {
  std::thread([] {
    std::atomic<int> begun = 0;  // a body that does nothing would be left out
#pragma omp parallel num_threads(omp_get_num_procs() + 1)
    ++begun;
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable never;
    never.wait(lock, [] { return false; });  // as the threads end with the one that has them
  }).detach();
}

}  // namespace

void begin() {
  static const bool begun = [] {
    if (!is_ours()) calm_libgomp();
    return true;
  }();
  static_cast<void>(begun);
}

}  // namespace muxnet::openmp
