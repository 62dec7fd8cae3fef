#pragma once

#include <filesystem>
#include <vector>

#include "muxnet/cost/energy_sensors.hpp"

namespace muxnet {

/// RAPL's counters below `root`: psys, the whole platform, where it counts; else each package, and
/// its DRAM, which the package does not hold. A package that two drivers show, or that each of its
/// dies shows (AMD), counts once. Those that may not be read are among them only where nothing
/// replaces them; such as give no number are not.
std::vector<EnergySource> rapl_counters(const std::filesystem::path& root);

}  // namespace muxnet
