#pragma once

#include <cstdint>

#include "muxnet/networks/model.hpp"

namespace muxnet {

struct LatencyOptions {
  std::int64_t batch = 1;
  int repetitions = 30;  ///< measured passes, after a few that warm up
};

/// Median milliseconds of one inference pass on this machine, as it is now.
double measure_latency_ms(Model& model, const LatencyOptions& options = {});

}  // namespace muxnet
