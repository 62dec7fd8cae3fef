#include "muxnet/core/parallel.hpp"

#include <cblas.h>
#include <omp.h>
#include <tbb/global_control.h>
#include <tbb/info.h>

#include <memory>
#include <mutex>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

std::unique_ptr<tbb::global_control>& tbb_limit() {
  static std::unique_ptr<tbb::global_control> limit;
  return limit;
}

}  // namespace

void set_threads(int threads) {
  require(threads >= 0, "set_threads", "a number of at least 0", text(threads));
  const int count = threads == 0 ? tbb::info::default_concurrency() : threads;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  omp_set_num_threads(count);
  openblas_set_num_threads(count);
  tbb_limit() = std::make_unique<tbb::global_control>(tbb::global_control::max_allowed_parallelism,
                                                      static_cast<std::size_t>(count));
}

int threads() { return omp_get_max_threads(); }

BlasThreads::BlasThreads(int count) : before_(openblas_get_num_threads()) {
  openblas_set_num_threads(count);
}
BlasThreads::~BlasThreads() { openblas_set_num_threads(before_); }

}  // namespace muxnet
