#include "muxnet/cost/rapl_counters.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "muxnet/cost/energy_files.hpp"

namespace muxnet {
namespace fs = std::filesystem;
namespace {

// Readings of one counter through two dies, taken one after the other, differ by less: in mJ.
constexpr double same_counter_mj = 1000;

struct Zone {
  std::string name;      ///< "dram"
  EnergySource counter;  ///< named "package-0/dram"
  SourceState state;
};

/// The folders of zones, by their names: "intel-rapl:0:1" may lie beside or in "intel-rapl:0".
std::map<std::string, fs::path> zone_folders(const fs::path& folder) {
  std::map<std::string, fs::path> found;
  for (const auto& zone : folders_in(folder)) {
    if (!present(zone / "energy_uj")) continue;
    found.emplace(zone.filename().string(), zone);
    found.merge(zone_folders(zone));
  }
  return found;
}

std::string parent_of(const std::string& zone) {
  const auto last = zone.rfind(':');
  return last == zone.find(':') ? "" : zone.substr(0, last);
}

/// All zones that give a number, or would to another user; those that do first.
std::vector<Zone> find_zones(const fs::path& root) {
  const auto folders = zone_folders(root / "sys/class/powercap");
  std::vector<Zone> zones;
  for (const auto& [key, folder] : folders) {
    const auto parent = folders.find(parent_of(key));
    const std::string name = line_or(folder / "name", "");
    const std::string above =
        parent == folders.end() ? "" : line_or(parent->second / "name", "") + "/";
    EnergySource counter{above + name, {folder / "energy_uj"}, 1e-3};
    const SourceState state = state_of(counter);
    if (state != SourceState::silent) zones.push_back({name, std::move(counter), state});
  }
  std::stable_sort(zones.begin(), zones.end(),
                   [](const Zone& a, const Zone& b) { return a.state < b.state; });
  return zones;
}

/// "package-0" of "package-0-die-1".
std::string package_of(const std::string& name) { return name.substr(0, name.find("-die-")); }

/// Whether `zone` is a die that shows the same counter of its package as one in `chosen`.
bool mirrored(const Zone& zone, const std::vector<Zone>& chosen) {
  return std::any_of(chosen.begin(), chosen.end(), [&](const Zone& other) {
    return zone.state == SourceState::reads && other.state == SourceState::reads &&
           package_of(zone.name) != zone.name && package_of(zone.name) == package_of(other.name) &&
           std::abs(zone.counter.read() - other.counter.read()) < same_counter_mj;
  });
}

/// Linux adds the number of the package that shows it, where that is not the first.
bool is_psys(const std::string& name) { return name == "psys" || name.starts_with("psys-"); }

/// The platform and DRAM that may not be read are left out: what is named is still measured right.
bool is_platform(const Zone& zone) {
  return is_psys(zone.name) && zone.state == SourceState::reads;
}
bool is_memory(const Zone& zone) { return zone.name == "dram" && zone.state == SourceState::reads; }
bool is_package(const Zone& zone) { return zone.name.starts_with("package-"); }
bool is_processor(const Zone& zone) { return is_package(zone) || is_memory(zone); }

}  // namespace

std::vector<std::vector<EnergySource>> rapl_counters(const fs::path& root) {
  std::vector<Zone> zones;
  std::set<std::string> known;  // intel-rapl and intel-rapl-mmio show the same zones
  for (auto& zone : find_zones(root)) {
    if (mirrored(zone, zones) || !known.insert(zone.counter.name).second) continue;
    zones.push_back(std::move(zone));
  }
  std::vector<std::vector<EnergySource>> ways;
  for (const auto belongs : {is_platform, is_processor, is_package}) {
    auto& way = ways.emplace_back();
    for (const auto& zone : zones) {
      if (belongs(zone)) way.push_back(zone.counter);
    }
  }
  ways.erase(std::unique(ways.begin(), ways.end()), ways.end());
  return ways;
}

}  // namespace muxnet
