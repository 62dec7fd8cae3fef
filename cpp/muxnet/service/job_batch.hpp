#pragma once

#include <vector>

#include "muxnet/service/pending_request.hpp"

namespace muxnet {

/// Jobs of one stage and one deployment, to be run together.
struct JobBatch {
  Stage stage = 0;
  std::vector<Job> jobs;

  /// The rows' images f32 (n, c, h, w), as the stage wants them.
  Tensor images() const;
  /// The same jobs, those of each request by themselves.
  std::vector<JobBatch> by_request() const;
  /// Keeps a model's answers f32 (n, K), and returns the jobs of rows that all models asked have
  /// answered.
  std::vector<Job> store(const Tensor& answers) const;
  /// Tells each request of its part.
  void note(ServiceClock::time_point start, double ms) const;
};

}  // namespace muxnet
