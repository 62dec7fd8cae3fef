#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "muxnet/cost/energy_sensors.hpp"

namespace muxnet {

/// What became of reading a source.
enum class SourceState { reads, denied, silent };

SourceState state_of(const EnergySource& source);

/// The first line of `path`, without blanks around it; `otherwise` where none can be read.
std::string line_or(const std::filesystem::path& path, const std::string& otherwise);

/// Whether `path` is there, as far as this user can see.
bool present(const std::filesystem::path& path);

/// The folders in `folder`, sorted; none where it cannot be read.
std::vector<std::filesystem::path> folders_in(const std::filesystem::path& folder);

}  // namespace muxnet
