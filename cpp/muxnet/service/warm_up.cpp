#include "muxnet/service/warm_up.hpp"

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <optional>
#include <thread>
#include <vector>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

using Steady = std::chrono::steady_clock;

struct Time {
  Stage stage = 0;
  std::int64_t batch = 0;
  double ms = 0;
};

std::string name_of(const CompiledDeployment& deployment, Stage stage) {
  return stage == 0 ? "the multiplexer" : deployment.parts().models[stage - 1].name;
}

}  // namespace

/// What its threads share; a stuck one keeps it.
struct WarmUp::Progress {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t running = 0;
  Steady::time_point last = Steady::now();
  std::vector<std::optional<Stage>> on;  ///< by place, while it runs
  std::vector<std::exception_ptr> failures;
  std::vector<Time> times;
  bool given_up = false;

  /// `ms` 0: the batch begins.
  void note(std::size_t place, Stage stage, std::int64_t batch, double ms) {
    const std::lock_guard lock(mutex);
    if (given_up) throw std::runtime_error("nobody waits for this warm-up");
    last = Steady::now();
    on[place] = stage;
    if (ms > 0) times.push_back({stage, batch, ms});
    changed.notify_all();
  }

  void finish(std::size_t place, std::exception_ptr failure) {
    const std::lock_guard lock(mutex);
    failures[place] = std::move(failure);
    on[place].reset();
    --running;
    changed.notify_all();
  }

  /// Waits until all are done; returns a stage that is run where none has ended for `longest`.
  std::optional<Stage> wait(Steady::duration longest) {
    std::unique_lock lock(mutex);
    while (running > 0 && Steady::now() < last + longest) changed.wait_until(lock, last + longest);
    if (running == 0) return {};
    given_up = true;
    return *std::find_if(on.begin(), on.end(), [](const auto& stage) { return stage; });
  }
};

void WarmUp::run(const std::shared_ptr<CompiledDeployment>& deployment, std::int64_t max_batch,
                 double longest_ms, const Note& note) {
  if (last_) {
    const std::lock_guard lock(last_->mutex);
    if (last_->running > 0) {
      throw std::runtime_error(error_text("deploy", "models that come back from their images",
                                          "one that has not come back from an earlier deploy"));
    }
  }
  const auto progress = std::make_shared<Progress>();
  progress->on.assign(places_, Stage{1});
  progress->failures.resize(places_);
  last_ = progress;
  std::vector<std::thread> threads;
  for (std::size_t place = 0; place < places_; ++place) {
    const std::lock_guard lock(progress->mutex);
    threads.emplace_back([progress, deployment, place, max_batch, threads = threads_each_]() {
      omp_set_num_threads(threads);
      std::exception_ptr failure;
      try {
        deployment->warm_up(place, max_batch, [&](Stage stage, std::int64_t batch, double ms) {
          progress->note(place, stage, batch, ms);
        });
      } catch (...) {
        failure = std::current_exception();
      }
      progress->finish(place, std::move(failure));
    });
    ++progress->running;
  }
  const auto longest = std::chrono::duration_cast<Steady::duration>(
      std::chrono::duration<double, std::milli>(longest_ms));
  const auto stuck = progress->wait(longest);
  for (auto& thread : threads) stuck ? thread.detach() : thread.join();
  if (stuck) {
    throw std::runtime_error(
        error_text(name_of(*deployment, *stuck),
                   text("an answer within ", longest_ms / 1000, " s before it serves"), "none"));
  }
  for (const auto& failure : progress->failures) {
    if (failure) std::rethrow_exception(failure);
  }
  for (const Time& time : progress->times) note(time.stage, time.batch, time.ms);
}

}  // namespace muxnet
