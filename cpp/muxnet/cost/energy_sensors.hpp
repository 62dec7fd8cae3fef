#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace muxnet {

/// One place whose power or energy Linux shows: the product of the numbers in `files`, after
/// `scale` in mW or, of a counter, in mJ.
struct EnergySource {
  std::string name;
  std::vector<std::filesystem::path> files;
  double scale = 1;

  /// Throws FileError where a file gives no number, FileDenied where it may not be read.
  double read() const;

  bool operator==(const EnergySource&) const = default;
};

/// Sources of one kind.
struct EnergySensors {
  std::string kind;  ///< "hwmon", "iio", "powercap"
  /// Each is sources whose sum is what the device draws, a physical counter once; what one way
  /// counts holds what the next does. None where nothing can be measured.
  std::vector<std::vector<EnergySource>> ways;
  bool counters = false;  ///< of energy, which run over; else of power
  std::string absence;    ///< why there is no way, and what helps
};

/// Looks below `root`, in the order that EnergyMeter says.
EnergySensors find_energy_sensors(const std::filesystem::path& root);

}  // namespace muxnet
