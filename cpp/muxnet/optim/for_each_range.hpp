#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "muxnet/core/parallel.hpp"
#include "muxnet/optim/optimizer.hpp"

namespace muxnet::optim {

/// Calls kernel(begin, end, decay) on pieces that together are all segments, threads side by side.
///
/// The flat range, not each segment, is shared among the threads: most segments (biases, batch
/// norm) are far too short for a parallel region of their own.
template <class Kernel>
void for_each_range(std::span<const Segment> segments, std::int64_t size, const Kernel& kernel) {
  constexpr std::int64_t cache_line = 16, worth_a_thread = 1 << 14;
  const std::int64_t parts = size > worth_a_thread ? threads() : 1;
  const std::int64_t lines = (size + cache_line - 1) / cache_line;
  const std::int64_t share = (lines + parts - 1) / parts * cache_line;
#pragma omp parallel for schedule(static) if (parts > 1)
  for (std::int64_t part = 0; part < parts; ++part) {
    for (const auto& segment : segments) {
      const std::int64_t begin = std::max(segment.begin, part * share);
      const std::int64_t end = std::min(segment.end, (part + 1) * share);
      if (begin < end) kernel(begin, end, segment.decay);
    }
  }
}

}  // namespace muxnet::optim
