#include "muxnet/core/lanes.hpp"

#include <omp.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <numeric>
#include <thread>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/core/parallel.hpp"

namespace muxnet {
namespace {

constexpr double well_filled = 0.8;

}  // namespace

class Lanes::Implementation {
 public:
  Implementation(int count, int threads_each) : threads_each_(threads_each) {
    for (int i = 0; i < count && count > 1; ++i) threads_.emplace_back([this] { serve(); });
  }

  ~Implementation() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
  }

  void run(std::span<const std::function<void()>> tasks) {
    if (threads_.empty()) {
      for (const auto& task : tasks) task();
      return;
    }
    const BlasThreads blas(threads_each_);
    std::unique_lock lock(mutex_);
    tasks_ = tasks;
    failures_.assign(tasks.size(), nullptr);
    next_ = done_ = 0;
    wake_.notify_all();
    finished_.wait(lock, [this] { return done_ == tasks_.size(); });
    tasks_ = {};
    next_ = done_ = 0;
    for (const auto& failure : failures_) {
      if (failure) std::rethrow_exception(failure);
    }
  }

 private:
  void serve() {
    omp_set_num_threads(threads_each_);
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return closing_ || next_ < tasks_.size(); });
      if (closing_) return;
      const std::size_t mine = next_++;
      lock.unlock();
      std::exception_ptr failure;
      try {
        tasks_[mine]();
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      failures_[mine] = failure;
      if (++done_ == tasks_.size()) finished_.notify_one();
    }
  }

  int threads_each_;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable wake_, finished_;
  std::span<const std::function<void()>> tasks_;
  std::vector<std::exception_ptr> failures_;
  std::size_t next_ = 0, done_ = 0;
  bool closing_ = false;
};

Lanes::Lanes(int count, int threads_each) {
  require(count >= 1 && threads_each >= 1, "lanes", "a count and threads of at least 1",
          text(count, " and ", threads_each));
  implementation_ = ProcessLocal(std::make_unique<Implementation>(count, threads_each));
}
Lanes::~Lanes() = default;

void Lanes::run(std::span<const std::function<void()>> tasks) {
  implementation_.get("lanes").run(tasks);
}

int lanes_for(std::span<const double> costs, int threads) {
  if (costs.empty()) return 1;
  const double total = std::accumulate(costs.begin(), costs.end(), 0.0);
  const double longest = *std::max_element(costs.begin(), costs.end());
  for (int lanes = threads; lanes > 1; --lanes) {
    if (threads % lanes == 0 && total >= well_filled * lanes * longest) return lanes;
  }
  return 1;
}

}  // namespace muxnet
