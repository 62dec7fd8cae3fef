#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "muxnet/cost/link.hpp"

namespace muxnet {

/// What networks cost on one device or server, one input at a time. Threads may use one at once
/// that nobody changes.
struct DeviceProfile {
  std::string name;                      ///< of the device
  std::map<std::string, Cost> networks;  ///< cost of one answer by network
};

/// Profiles as JSON, format "muxnet-device-1" or "muxnet-link-1":
///   {"format": ..., "name": ..., "networks": {NAME: {"macs": N, "latency_ms": N, "energy_mj": N}}}
///   {"format": ..., "name": ..., "upload_mbps": N, ... all members of LinkProfile}
/// where N is {"value": number, "origin": "measured", "source": text} or null for what is not
/// known. Throw FileError when the file cannot be read, std::invalid_argument naming file and key
/// for a key that is missing or unknown, or a value that does not fit.
DeviceProfile load_device(const std::filesystem::path& path);
LinkProfile load_link(const std::filesystem::path& path);

/// Writes atomically, every known number with `source`; throws FileError.
void save_device(const std::filesystem::path& path, const DeviceProfile& profile,
                 const std::string& source);

}  // namespace muxnet
