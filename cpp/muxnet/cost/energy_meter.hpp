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
/// - hwmon, ina226, ina238 and ina3221: power (or voltage times current) of each rail;
/// - iio, the same chips under NVIDIA's kernels for Jetson boards;
/// - powercap, Intel and AMD RAPL: energy counted by the processor: psys, the whole platform, or
///   each package and its DRAM, or the packages alone: of those that count the one that counts most
///   in the first measurement, to which the meter keeps.
/// Where one rail is the board's input (VDD_IN, POM_5V_IN, VIN) it alone counts, since the others
/// are behind it; else their sum. Channels that are not connected or give no number are passed
/// over. All are read every `period_ms`, power is integrated by the trapezoid rule. What cannot be
/// right is not told: a counter that stands still, is set back, or was not read for so long that it
/// may have gone round unseen; less than nothing, or more than a machine can draw. Sensors tell of
/// the whole device: a measurement of another thread beside it throws BusyError.
class EnergyMeter {
 public:
  /// Looks for sensors below `root`; a folder that cannot be read holds none. Throws
  /// std::invalid_argument unless `period_ms` is above 0 and up to 1000.
  explicit EnergyMeter(const std::filesystem::path& root = "/", double period_ms = 5);
  ~EnergyMeter();
  EnergyMeter(EnergyMeter&&) noexcept;
  EnergyMeter& operator=(EnergyMeter&&) noexcept;

  /// "hwmon: VDD_IN", or "not measured: " and why: there is no sensor, or it may not be read and
  /// what helps, or it failed in the latest measurement or told what cannot be right.
  std::string sensor() const;

  /// Energy in mJ drawn while `work` runs; with `idle_mw`, of idle_power_mw(), less what the device
  /// would have drawn anyway. Unknown without a sensor, when it fails on the way, and where what it
  /// tells cannot be right or is no more than idle: `work` goes on, and sensor() tells why.
  Quantity measure_mj(const std::function<void()>& work, const Quantity& idle_mw = {}) const;

  /// Mean power over `seconds`, up to an hour, in which this process does nothing; unknown as
  /// measure_mj() is.
  Quantity idle_power_mw(double seconds) const;

 private:
  class State;
  std::unique_ptr<State> state_;
  Access access_;
};

}  // namespace muxnet
