#pragma once

#include <vector>

#include "muxnet/runtime/pending_request.hpp"

namespace muxnet {

/// Jobs of one stage and one deployment, to be run together.
struct JobBatch {
  Stage stage = 0;
  std::vector<Job> jobs;

  /// The rows' images f32 (n, c, h, w), as the stage wants them.
  Tensor images() const;
  /// The same jobs, those of each request by themselves.
  std::vector<JobBatch> by_request() const;
};

}  // namespace muxnet
