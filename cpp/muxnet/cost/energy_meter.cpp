#include "muxnet/cost/energy_meter.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/cost/energy_sensors.hpp"

namespace muxnet {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// From when it is made until energy_mj() is called. Both throw FileError when a sensor fails.
class Measurement {
 public:
  Measurement() = default;
  Measurement(const Measurement&) = delete;
  Measurement& operator=(const Measurement&) = delete;
  virtual ~Measurement() = default;
  virtual double energy_mj() = 0;
};

/// Samples power and integrates it by the trapezoid rule.
class PowerSampling : public Measurement {
 public:
  PowerSampling(const std::vector<EnergySource>& rails, double period_ms)
      : rails_(rails), period_(period_ms), last_mw_(power_mw()), sampler_([this] { run(); }) {
    // The work begins now, however long the thread has taken to begin.
    const std::lock_guard lock(mutex_);
    start_ = Clock::now();
    energy_mj_ = last_ms_ = 0;
  }
  ~PowerSampling() override { finish(); }

  double energy_mj() override {
    finish();
    if (failure_) std::rethrow_exception(failure_);
    return energy_mj_;
  }

 private:
  double power_mw() const {
    double sum = 0;
    for (const auto& rail : rails_) sum += rail.read();
    return sum;
  }

  void sample() {
    // What comes after the work, on a machine that is busy, is not the work's.
    const double mw = power_mw(), now_ms = finished_ ? work_ms_ : milliseconds_since(start_);
    energy_mj_ += (now_ms - last_ms_) * (mw + last_mw_) / 2 / 1000;
    last_ms_ = now_ms;
    last_mw_ = mw;
  }

  void run() {
    std::unique_lock lock(mutex_);
    try {
      while (!wake_.wait_for(lock, period_, [&] { return finished_; })) sample();
      sample();
    } catch (...) {
      failure_ = std::current_exception();
    }
  }

  void finish() {
    {
      const double now_ms = milliseconds_since(start_);
      const std::lock_guard lock(mutex_);
      if (!finished_) work_ms_ = std::max(now_ms, last_ms_);
      finished_ = true;
    }
    wake_.notify_one();
    if (sampler_.joinable()) sampler_.join();
  }

  const std::vector<EnergySource>& rails_;
  std::chrono::duration<double, std::milli> period_;
  Clock::time_point start_ = Clock::now();
  double energy_mj_ = 0, last_ms_ = 0, work_ms_ = 0, last_mw_;
  std::exception_ptr failure_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool finished_ = false;
  std::thread sampler_;
};

/// Reads counters before and after.
class CounterDifference : public Measurement {
 public:
  explicit CounterDifference(const std::vector<EnergySource>& counters) : counters_(counters) {
    for (const auto& counter : counters_) before_.push_back(counter.read());
  }

  double energy_mj() override {
    double sum = 0;
    for (std::size_t i = 0; i < counters_.size(); ++i) {
      double used = counters_[i].read() - before_[i];
      // The counter starts again at 0 when it is full: after about a quarter of an hour under load.
      if (used < 0) used += range_mj(counters_[i]);
      sum += used;
    }
    return sum;
  }

 private:
  static double range_mj(const EnergySource& counter) {
    const fs::path file = counter.files.front().parent_path() / "max_energy_range_uj";
    return EnergySource{counter.name, {file}, counter.scale}.read();
  }

  const std::vector<EnergySource>& counters_;
  std::vector<double> before_;
};

std::string names_of(const EnergySensors& sensors) {
  std::string result = sensors.kind + ":";
  for (const auto& source : sensors.sources) result += " " + source.name;
  return result;
}

}  // namespace

class EnergyMeter::State {
 public:
  State(EnergySensors sensors, double period_ms)
      : sensors_(std::move(sensors)), period_ms_(period_ms) {}

  bool measures() const { return !sensors_.sources.empty(); }

  std::string text() const {
    const std::lock_guard lock(mutex_);
    if (!failure_.empty()) return failure_;
    return measures() ? names_of(sensors_) : sensors_.absence;
  }

  std::unique_ptr<Measurement> begin() const {
    if (sensors_.counters) return std::make_unique<CounterDifference>(sensors_.sources);
    return std::make_unique<PowerSampling>(sensors_.sources, period_ms_);
  }

  /// What `read` gives, nothing when a sensor fails: the work that is measured goes on.
  template <class Read>
  auto unless_failing(const Read& read) -> std::optional<decltype(read())> {
    std::string failure;
    std::optional<decltype(read())> result;
    try {
      result = read();
    } catch (const FileError& error) {
      failure = muxnet::text("not measured: ", error.what(), "; measure again when it can be read");
    }
    const std::lock_guard lock(mutex_);
    failure_ = failure;
    return result;
  }

 private:
  EnergySensors sensors_;
  double period_ms_;
  mutable std::mutex mutex_;
  std::string failure_;  ///< of the latest measurement
};

EnergyMeter::EnergyMeter(const fs::path& root, double period_ms) {
  require(period_ms > 0, "energy meter", "a period above 0 ms", text(period_ms));
  state_ = std::make_unique<State>(find_energy_sensors(root), period_ms);
}

EnergyMeter::~EnergyMeter() = default;
EnergyMeter::EnergyMeter(EnergyMeter&&) noexcept = default;
EnergyMeter& EnergyMeter::operator=(EnergyMeter&&) noexcept = default;

std::string EnergyMeter::sensor() const { return state_->text(); }

Quantity EnergyMeter::measure_mj(const std::function<void()>& work, const Quantity& idle_mw) const {
  if (!state_->measures()) {
    work();
    return {};
  }
  const auto alone = access_.write("energy meter");
  const auto measurement = state_->unless_failing([&] { return state_->begin(); });
  const auto start = Clock::now();
  work();
  const double elapsed_ms = milliseconds_since(start);
  if (!measurement) return {};
  const auto energy = state_->unless_failing([&] { return (*measurement)->energy_mj(); });
  if (!energy) return {};
  const double idle = idle_mw.known() ? idle_mw.value() * elapsed_ms / 1000 : 0;
  return Quantity(*energy - idle, Origin::measured);
}

Quantity EnergyMeter::idle_power_mw(double seconds) const {
  if (!state_->measures()) return {};
  require(seconds > 0, "energy meter", "a time above 0 s", text(seconds));
  const auto rest = std::chrono::duration<double>(seconds);
  const Quantity energy = measure_mj([&] { std::this_thread::sleep_for(rest); });
  return 1 / seconds * energy;
}

}  // namespace muxnet
