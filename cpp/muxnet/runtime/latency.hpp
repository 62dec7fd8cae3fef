#pragma once

#include <cstdint>

#include "muxnet/networks/model.hpp"

namespace muxnet {

struct LatencyOptions {
  std::int64_t batch = 1;
  int turns = 30;  ///< measured, after a few that warm up
};

/// Milliseconds of one inference pass.
struct Latency {
  double ms = 0;          ///< mean of the fastest tenth of turns: what the machine can do
  double typical_ms = 0;  ///< median of all: more where others use the machine too
};

/// Measures short turns (a pass, or as many as fill a tenth of a millisecond) on this machine; up
/// to four times as many where the typical turn takes half as long again as the fastest. Throws
/// std::invalid_argument for a batch or a number of turns below 1.
Latency measure_latency(Model& model, const LatencyOptions& options = {});

}  // namespace muxnet
