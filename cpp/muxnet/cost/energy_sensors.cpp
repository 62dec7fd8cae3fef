#include "muxnet/cost/energy_sensors.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "muxnet/core/error.hpp"
#include "muxnet/cost/energy_files.hpp"
#include "muxnet/cost/rapl_counters.hpp"

namespace muxnet {
namespace fs = std::filesystem;
namespace {

// The rails that feed all others of a board, by their labels in NVIDIA's device trees: TX1, TX2,
// Xavier NX, Orin NX and Nano; Nano; Thor. AGX Xavier and AGX Orin have none: what their
// VIN_SYS_5V0 and SYS5V feed is inputs and outputs alone.
constexpr std::array<std::string_view, 3> board_inputs = {"VDD_IN", "POM_5V_IN", "VIN"};

// Of Linux's drivers ina2xx, ina233, ina238 and ina3221.
constexpr std::array<std::string_view, 11> power_chips = {"ina219", "ina220", "ina226", "ina228",
                                                          "ina230", "ina231", "ina233", "ina237",
                                                          "ina238", "ina260", "ina3221"};

template <class Names>
bool listed(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// A rail's label, which comes from the board's maker, in upper case; else `otherwise`.
std::string label_or(const fs::path& path, const std::string& otherwise) {
  std::string label = line_or(path, "");
  std::transform(label.begin(), label.end(), label.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return label.empty() ? otherwise : label;
}

/// Of a channel without a label: the whole input on the one chip that boards have for that alone.
std::string channel_name(const std::string& chip, const std::string& number) {
  return chip == "ina238" ? "VIN" : chip + " " + number;
}

std::vector<EnergySource> hwmon_rails(const fs::path& root) {
  std::vector<EnergySource> rails;
  for (const auto& chip : folders_in(root / "sys/class/hwmon")) {
    const std::string given = line_or(chip / "name", "");
    const std::string name = given.substr(0, given.find('_'));  // "ina260_u14" of iio-hwmon
    if (!listed(power_chips, name)) continue;
    for (int i = 1; i <= 3; ++i) {
      const std::string n = std::to_string(i);
      const std::string label = label_or(chip / ("in" + n + "_label"), channel_name(given, n));
      const fs::path power = chip / ("power" + n + "_input");  // in microwatt
      const fs::path volts = chip / ("in" + n + "_input"), amperes = chip / ("curr" + n + "_input");
      if (present(power)) {
        rails.push_back({label, {power}, 1e-3});
      } else if (name == "ina3221" && present(volts) && present(amperes)) {
        rails.push_back({label, {volts, amperes}, 1e-3});  // mV times mA
      }
    }
  }
  return rails;
}

std::vector<EnergySource> iio_rails(const fs::path& root) {
  std::vector<EnergySource> rails;
  for (const auto& chip : folders_in(root / "sys/bus/iio/devices")) {
    for (int i = 0; i < 3; ++i) {
      const std::string n = std::to_string(i);
      const fs::path power = chip / ("in_power" + n + "_input");  // in milliwatt
      const std::string label = label_or(chip / ("rail_name_" + n), "rail " + n);
      if (present(power)) rails.push_back({label, {power}, 1});
    }
  }
  return rails;
}

/// NVIDIA's label of a channel to which nothing is connected: "NC", also with a number behind it.
bool unconnected(const EnergySource& rail) {
  return rail.name.starts_with("NC") &&
         rail.name.find_first_not_of("0123456789_ ", 2) == std::string::npos;
}

/// The rails that count: the board's input alone where there is one, for it feeds the others.
std::vector<EnergySource> board_rails(std::vector<EnergySource> rails) {
  std::erase_if(rails, [](const EnergySource& rail) {
    return unconnected(rail) || state_of(rail) == SourceState::silent;
  });
  for (const auto& rail : rails) {
    if (listed(board_inputs, rail.name)) return {rail};
  }
  return rails;
}

/// Why `sources` cannot be measured, and what helps; empty where they can.
std::string denial(const std::vector<EnergySource>& sources) {
  for (const auto& source : sources) {
    if (state_of(source) != SourceState::denied) continue;
    const fs::path& file = source.files.front();
    const fs::path all = file.parent_path().parent_path() / "*" / file.filename();
    return text("not measured: ", file.string(),
                " may not be read by this user; as root, run: ", "chmod a+r ", all.string());
  }
  return "";
}

}  // namespace

EnergySensors find_energy_sensors(const fs::path& root) {
  std::string absence;
  for (EnergySensors found : {EnergySensors{"hwmon", {board_rails(hwmon_rails(root))}, false, ""},
                              EnergySensors{"iio", {board_rails(iio_rails(root))}, false, ""},
                              EnergySensors{"powercap", rapl_counters(root), true, ""}}) {
    std::erase_if(found.ways, [&](const std::vector<EnergySource>& way) {
      const std::string denied = denial(way);
      if (absence.empty()) absence = denied;
      return way.empty() || !denied.empty();
    });
    if (!found.ways.empty()) return found;
  }
  return {"", {}, false, absence.empty() ? "not measured: no sensor" : absence};
}

}  // namespace muxnet
