#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "muxnet/core/access.hpp"
#include "muxnet/cost/quantity.hpp"

namespace muxnet {

/// The energy that this device draws, by the sensors that Linux shows. Of several kinds the first
/// in this order is used:
/// - hwmon, ina226 and ina3221: power (or voltage times current) of each rail;
/// - iio, the same chips under NVIDIA's kernels for Jetson boards;
/// - powercap, Intel and AMD RAPL: energy counted by the processor, packages only, since their
///   sub-zones are parts of them.
/// Where one rail is the board's input (VDD_IN on the TX2) it alone counts: the others are behind
/// it. Power is sampled every `period_ms` and integrated by the trapezoid rule. Sensors tell of the
/// whole device: a measurement of another thread beside it throws BusyError.
class EnergyMeter {
 public:
  /// Looks for sensors below `root`; a folder that cannot be read holds none.
  explicit EnergyMeter(const std::filesystem::path& root = "/", double period_ms = 5);
  ~EnergyMeter();
  EnergyMeter(EnergyMeter&&) noexcept;
  EnergyMeter& operator=(EnergyMeter&&) noexcept;

  /// "hwmon ina3221: VDD_IN", or "not measured: no sensor".
  std::string sensor() const;

  /// Energy in mJ drawn while `work` runs; with `idle_mw`, of idle_power_mw(), less what the device
  /// would have drawn anyway. Unknown without a sensor; throws FileError when it fails on the way.
  Quantity measure_mj(const std::function<void()>& work, const Quantity& idle_mw = {}) const;

  /// Mean power over `seconds` in which this process does nothing; unknown without a sensor.
  Quantity idle_power_mw(double seconds) const;

 private:
  class Sensor;
  class Powers;
  class Counters;
  std::unique_ptr<Sensor> sensor_;
  Access access_;
};

}  // namespace muxnet
