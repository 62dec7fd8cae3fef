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

bool is_package(const Zone& zone) { return zone.name.starts_with("package-"); }

/// DRAM that may not be read is left out: what is named is still measured right.
bool is_memory(const Zone& zone) { return zone.name == "dram" && zone.state == SourceState::reads; }

}  // namespace

std::vector<EnergySource> rapl_counters(const fs::path& root) {
  const auto zones = find_zones(root);
  std::vector<Zone> chosen;
  std::set<std::string> known;  // intel-rapl and intel-rapl-mmio show the same zones
  for (const auto& zone : zones) {
    // Where a board does not feed it, psys stands at 0.
    if (zone.name == "psys" && zone.state == SourceState::reads && zone.counter.read() > 0) {
      return {zone.counter};
    }
    if (!is_package(zone) && !is_memory(zone)) continue;
    if (mirrored(zone, chosen) || !known.insert(zone.counter.name).second) continue;
    chosen.push_back(zone);
  }
  std::vector<EnergySource> counters;
  for (auto& zone : chosen) counters.push_back(std::move(zone.counter));
  return counters;
}

}  // namespace muxnet
