#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <span>

#include "muxnet/optim/optimizer.hpp"

namespace muxnet::optim {

/// Calls kernel(begin, end, decay) on pieces that together are all segments, threads side by side.
///
/// The flat range, not each segment, is shared among the threads: most segments (biases, batch
/// norm) are far too short for a parallel region of their own.
template <class Kernel>
void for_each_range(std::span<const Segment> segments, std::int64_t size, const Kernel& kernel) {
  constexpr std::int64_t cache_line = 16, worth_a_thread = 1 << 14;
#pragma omp parallel if (size > worth_a_thread)
  {
    const std::int64_t threads = omp_get_num_threads();
    const std::int64_t lines = (size + cache_line - 1) / cache_line;
    const std::int64_t share = (lines + threads - 1) / threads * cache_line;
    const std::int64_t first = omp_get_thread_num() * share, last = first + share;
    for (const auto& segment : segments) {
      const std::int64_t begin = std::max(segment.begin, first);
      const std::int64_t end = std::min(segment.end, last);
      if (begin < end) kernel(begin, end, segment.decay);
    }
  }
}

}  // namespace muxnet::optim
