// The part of OpenMP's run time that our loops, oneDNN and OpenBLAS use (libgomp's interface, GCC's
// names), on our own pool: libgomp's threads spin for milliseconds at each barrier, and divide work
// so that one thread without a core holds up all others; beside a busy neighbour that costs a
// factor of ten. Whatever else libgomp does (dynamic schedules, single, sections, tasks) is not
// here and would run every iteration in every member: test_architecture.py refuses it.
#include <cstdlib>

#include "muxnet/core/parallel.hpp"
#include "muxnet/openmp/openmp.hpp"
#include "muxnet/openmp/team_pool.hpp"

namespace muxnet::openmp {
namespace {

int initial_threads() {
  const char* const wanted = std::getenv("OMP_NUM_THREADS");
  const int count = wanted == nullptr ? 0 : std::atoi(wanted);
  return count > 0 ? count : usable_cores();
}

/// Of teams that the calling thread starts.
int& wanted_threads() {
  static const int initial = initial_threads();
  static thread_local int count = initial;
  return count;
}

void parallel(Body body, void* data, unsigned threads) {
  int size = threads > 0 ? static_cast<int>(threads) : wanted_threads();
  if (place().beside_others) size = 1;
  if (size > 1) {
    TeamPool::instance().run(body, data, size);
    return;
  }
  Team alone;
  const Membership member(alone, 0);
  body(data);
}

}  // namespace
}  // namespace muxnet::openmp

#define MUXNET_ENTRY_POINT extern "C" __attribute__((visibility("default")))

// The names are OpenMP's and GCC's.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
MUXNET_ENTRY_POINT void GOMP_parallel(void (*body)(void*), void* data, unsigned threads,
                                      unsigned /*flags*/) {
  muxnet::openmp::parallel(body, data, threads);
}

MUXNET_ENTRY_POINT void GOMP_barrier() {
  auto* const team = muxnet::openmp::place().team;
  if (team != nullptr && team->size > 1) {
    muxnet::openmp::TeamPool::instance().wait_at_barrier(*team);
  }
}

MUXNET_ENTRY_POINT int omp_get_thread_num() { return muxnet::openmp::place().number; }

MUXNET_ENTRY_POINT int omp_get_num_threads() {
  const auto* const team = muxnet::openmp::place().team;
  return team == nullptr ? 1 : team->size;
}

MUXNET_ENTRY_POINT int omp_in_parallel() { return muxnet::openmp::place().beside_others ? 1 : 0; }

MUXNET_ENTRY_POINT int omp_get_max_threads() { return muxnet::openmp::wanted_threads(); }

MUXNET_ENTRY_POINT void omp_set_num_threads(int threads) {
  if (threads > 0) muxnet::openmp::wanted_threads() = threads;
}

extern "C" __attribute__((visibility("hidden"), alias("GOMP_parallel"))) void muxnet_parallel(
    void (*body)(void*), void* data, unsigned threads, unsigned flags);
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

namespace muxnet::openmp {

bool is_ours() {
  // Through the table of dynamic symbols, as oneDNN finds it: a libgomp loaded for everybody
  // before us comes first there.
  auto* volatile found = &GOMP_parallel;
  return found == &muxnet_parallel;
}

}  // namespace muxnet::openmp
