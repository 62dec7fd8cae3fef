#pragma once

#include <chrono>
#include <thread>

namespace muxnet {

/// Time in milliseconds from some fixed moment; that of a test moves only when told to.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual double now_ms() const = 0;
  virtual void sleep_ms(double duration_ms) = 0;
};

class SteadyClock : public Clock {
 public:
  double now_ms() const override {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double, std::milli>(now).count();
  }
  void sleep_ms(double duration_ms) override {
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(duration_ms));
  }
};

}  // namespace muxnet
