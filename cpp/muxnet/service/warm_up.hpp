#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "muxnet/service/deployment.hpp"

namespace muxnet {

/// Runs all models of a deployment before it serves.
class WarmUp {
 public:
  /// What a batch of a stage took, in ms.
  using Note = std::function<void(Stage, std::int64_t batch, double ms)>;

  /// In so many places side by side, with `threads_each` for computations.
  WarmUp(std::size_t places, int threads_each) : places_(places), threads_each_(threads_each) {}

  /// Each stage at every batch size up to `max_batch`. Throws what a model does, and
  /// std::runtime_error when no batch has come back for `longest_ms`, or one that did not come back
  /// to an earlier call still has not: it is never waited for. One call at a time.
  void run(const std::shared_ptr<CompiledDeployment>& deployment, std::int64_t max_batch,
           double longest_ms, const Note& note);

 private:
  struct Progress;

  std::size_t places_;
  int threads_each_;
  std::shared_ptr<Progress> last_;
};

}  // namespace muxnet
