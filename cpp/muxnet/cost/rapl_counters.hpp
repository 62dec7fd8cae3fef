#pragma once

#include <filesystem>
#include <vector>

#include "muxnet/cost/energy_sensors.hpp"

namespace muxnet {

/// The ways to count by RAPL's counters below `root`: psys, the whole platform; each package and
/// its DRAM, which the package does not hold; the packages alone. A package that two drivers show,
/// or that each of its dies shows (AMD), counts once. Packages that may not be read are among them
/// only where nothing replaces them; what gives no number is not.
std::vector<std::vector<EnergySource>> rapl_counters(const std::filesystem::path& root);

}  // namespace muxnet
