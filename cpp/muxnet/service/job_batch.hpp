#pragma once

#include <vector>

#include "muxnet/service/pending_request.hpp"

namespace muxnet {

/// Jobs of one stage and one deployment, to be run together.
struct JobBatch {
  Stage stage = 0;
  std::vector<Job> jobs;
  bool elsewhere = false;  ///< another process runs the model: no thread of this one waits for it

  /// The rows' images f32 (n, c, h, w), as the stage wants them.
  Tensor images() const;
  /// The same jobs, those of each request by themselves.
  std::vector<JobBatch> by_request() const;
  /// Keeps what the multiplexer says of the rows of requests that ask for it.
  void store(const MultiplexerView& view) const;
  /// Keeps a model's answers f32 (n, K), and returns the jobs of rows that all models asked have
  /// answered.
  std::vector<Job> store(const Tensor& answers) const;
  /// The same where the model gave none: its rows go on without it.
  std::vector<Job> pass_over() const;
  /// Tells each request of its part.
  void note(ServiceClock::time_point start, double ms) const;

 private:
  std::vector<Job> come_back() const;
};

}  // namespace muxnet
