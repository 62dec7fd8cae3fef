#include "muxnet/cost/energy_meter.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/cost/energy_sensors.hpp"
#include "muxnet/cost/energy_tally.hpp"

namespace muxnet {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// Reads all ways to know what is drawn, every period from when it is made until end().
class Sampling {
 public:
  Sampling(const EnergySensors& sensors, Clock::duration period)
      : sampler_([this, period](const std::stop_token& stop) { run(stop, period); }) {
    // The work begins now, however long the thread has taken to begin.
    const std::lock_guard lock(mutex_);
    for (const auto& way : sensors.ways) tallies_.emplace_back(way, sensors.counters);
    start_ = Clock::now();
    last_ms_ = 0;
  }

  /// What came of it, to be called once. Reads here: the thread may be late on a busy machine.
  const std::vector<EnergyTally>& end() {
    const double now_ms = milliseconds_since(start_);
    sampler_.request_stop();
    const std::lock_guard lock(mutex_);
    sample(now_ms);
    return tallies_;
  }

  /// How long it took, once it has ended.
  double elapsed_ms() const { return last_ms_; }

 private:
  void sample(double now_ms) {
    const double gap_ms = std::max(now_ms - last_ms_, 0.0);
    for (auto& tally : tallies_) tally.read(gap_ms);
    last_ms_ += gap_ms;
  }

  void run(const std::stop_token& stop, Clock::duration period) {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait_for(lock, stop, period, [] { return false; });
      if (stop.stop_requested()) return;
      sample(milliseconds_since(start_));
    }
  }

  std::vector<EnergyTally> tallies_;
  Clock::time_point start_ = Clock::now();
  double last_ms_ = 0;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread sampler_;  ///< the last, which ends before what it uses
};

std::string names_of(const EnergySensors& sensors) {
  std::string result = sensors.kind + ":";
  for (const auto& source : sensors.ways.front()) result += " " + source.name;
  return result;
}

/// The right one that counts most, since each way holds the next; null where none can be right.
const EnergyTally* best_of(const std::vector<EnergyTally>& tallies) {
  const EnergyTally* best = nullptr;
  for (const auto& tally : tallies) {
    if (!tally.problem().empty()) continue;
    if (best == nullptr || tally.energy_mj() > best->energy_mj()) best = &tally;
  }
  return best;
}

}  // namespace

class EnergyMeter::State {
 public:
  State(EnergySensors sensors, double period_ms)
      : sensors_(std::move(sensors)),
        period_(std::chrono::ceil<Clock::duration>(
            std::chrono::duration<double, std::milli>(period_ms))) {}

  bool measures() const {
    const std::lock_guard lock(mutex_);
    return !sensors_.ways.empty();
  }

  std::string text() const {
    const std::lock_guard lock(mutex_);
    if (!problem_.empty()) return "not measured: " + problem_;
    return sensors_.ways.empty() ? sensors_.absence : names_of(sensors_);
  }

  Sampling begin() const { return {sensors_, period_}; }

  /// What the best tally says beyond `idle_mj`. The meter keeps to its way, so that what is taken
  /// off is always of the same sensors.
  Quantity settle(const std::vector<EnergyTally>& tallies, double idle_mj) {
    const EnergyTally* const best = best_of(tallies);
    const std::lock_guard lock(mutex_);
    if (best == nullptr) {
      problem_ = tallies.back().problem();
      return {};
    }
    sensors_.ways = {best->sources()};
    problem_ = "";
    const double mj = best->energy_mj();
    if (mj > idle_mj) return {mj - idle_mj, Origin::measured};
    problem_ = error_text(names_of(sensors_),
                          muxnet::text("more than the ", idle_mj, " mJ of the device at rest"),
                          muxnet::text(mj, " mJ")) +
               "; measure for longer";
    return {};
  }

 private:
  EnergySensors sensors_;
  Clock::duration period_;
  mutable std::mutex mutex_;
  std::string problem_;  ///< of the latest measurement
};

EnergyMeter::EnergyMeter(const fs::path& root, double period_ms) {
  require(period_ms > 0 && period_ms <= 1000, "energy meter", "a period above 0 and up to 1000 ms",
          text(period_ms));
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
  Sampling sampling = state_->begin();
  work();
  const auto& tallies = sampling.end();
  return state_->settle(tallies,
                        idle_mw.known() ? idle_mw.value() * sampling.elapsed_ms() / 1000 : 0);
}

Quantity EnergyMeter::idle_power_mw(double seconds) const {
  require(seconds > 0 && seconds <= 3600, "energy meter", "a time above 0 and up to 3600 s",
          text(seconds));
  if (!state_->measures()) return {};
  const auto rest = std::chrono::duration<double>(seconds);
  const Quantity energy = measure_mj([&] { std::this_thread::sleep_for(rest); });
  return 1 / seconds * energy;
}

}  // namespace muxnet
