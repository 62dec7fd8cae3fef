#include "muxnet/cost/energy_meter.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"

namespace muxnet {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

// The input of a whole board, by the labels of NVIDIA's device trees.
constexpr std::array<std::string_view, 4> board_inputs = {"VDD_IN", "POM_5V_IN", "VIN_SYS_5V0",
                                                          "SYS_VIN_HV"};

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::string line_or(const fs::path& path, const std::string& otherwise) {
  return fs::exists(path) ? read_line(path) : otherwise;
}

double number_in(const fs::path& path) {
  const std::string line = read_line(path);
  char* end = nullptr;
  const double value = std::strtod(line.c_str(), &end);
  if (end == line.c_str()) throw FileError(error_text(path.string(), "a number", line));
  return value;
}

/// The folders in `folder`, sorted; none where it cannot be read.
std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> result;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_directory(error)) result.push_back(entry.path());
  }
  std::sort(result.begin(), result.end());
  return result;
}

/// A rail's power is the product of the numbers in `files`, in mW after `scale`.
struct Rail {
  std::string name;
  std::vector<fs::path> files;
  double scale = 1;
};

std::vector<Rail> hwmon_rails(const fs::path& root) {
  std::vector<Rail> rails;
  for (const auto& chip : folders_in(root / "sys/class/hwmon")) {
    const std::string name = line_or(chip / "name", "");
    if (name != "ina226" && name != "ina3221") continue;
    for (int i = 1; i <= 3; ++i) {
      const std::string n = std::to_string(i);
      const std::string label = line_or(chip / ("in" + n + "_label"), name + " " + n);
      const fs::path power = chip / ("power" + n + "_input");  // in microwatt
      const fs::path volts = chip / ("in" + n + "_input"), amperes = chip / ("curr" + n + "_input");
      if (fs::exists(power)) {
        rails.push_back({label, {power}, 1e-3});
      } else if (name == "ina3221" && fs::exists(volts) && fs::exists(amperes)) {
        rails.push_back({label, {volts, amperes}, 1e-3});  // mV times mA
      }
    }
  }
  return rails;
}

std::vector<Rail> iio_rails(const fs::path& root) {
  std::vector<Rail> rails;
  for (const auto& chip : folders_in(root / "sys/bus/iio/devices")) {
    for (int i = 0; i < 3; ++i) {
      const std::string n = std::to_string(i);
      const fs::path power = chip / ("in_power" + n + "_input");  // in milliwatt
      const std::string label = line_or(chip / ("rail_name_" + n), "rail " + n);
      if (fs::exists(power)) rails.push_back({label, {power}, 1});
    }
  }
  return rails;
}

/// The board's input alone where there is one: it feeds the others.
std::vector<Rail> without_parts(std::vector<Rail> rails) {
  for (const auto& rail : rails) {
    if (std::find(board_inputs.begin(), board_inputs.end(), rail.name) != board_inputs.end()) {
      return {rail};
    }
  }
  return rails;
}

}  // namespace

class EnergyMeter::Sensor {
 public:
  virtual ~Sensor() = default;
  virtual std::string name() const = 0;
  virtual double energy_mj(const std::function<void()>& work) const = 0;
};

class EnergyMeter::Powers : public Sensor {
 public:
  Powers(std::string kind, std::vector<Rail> rails, double period_ms)
      : kind_(std::move(kind)), rails_(std::move(rails)), period_ms_(period_ms) {}

  std::string name() const override {
    std::string result = kind_ + ":";
    for (const auto& rail : rails_) result += " " + rail.name;
    return result;
  }

  double energy_mj(const std::function<void()>& work) const override {
    double energy = 0, last_ms = 0, last_mw = power_mw();
    const auto start = Clock::now();
    const auto sample = [&] {
      const double mw = power_mw(), now_ms = milliseconds_since(start);
      energy += (now_ms - last_ms) * (mw + last_mw) / 2 / 1000;
      last_ms = now_ms;
      last_mw = mw;
    };
    std::mutex mutex;
    std::condition_variable wake;
    bool finished = false;
    std::exception_ptr failure;
    std::thread sampler([&] {
      std::unique_lock lock(mutex);
      const auto period = std::chrono::duration<double, std::milli>(period_ms_);
      try {
        while (!wake.wait_for(lock, period, [&] { return finished; })) sample();
        sample();
      } catch (...) {
        failure = std::current_exception();
      }
    });
    const auto finish = [&] {
      {
        const std::lock_guard lock(mutex);
        finished = true;
      }
      wake.notify_one();
      sampler.join();
    };
    try {
      work();
    } catch (...) {
      finish();
      throw;
    }
    finish();
    if (failure) std::rethrow_exception(failure);
    return energy;
  }

 private:
  double power_mw() const {
    double sum = 0;
    for (const auto& rail : rails_) {
      double power = rail.scale;
      for (const auto& file : rail.files) power *= number_in(file);
      sum += power;
    }
    return sum;
  }

  std::string kind_;
  std::vector<Rail> rails_;
  double period_ms_;
};

class EnergyMeter::Counters : public Sensor {
 public:
  /// The zones of whole processor packages.
  static std::vector<fs::path> find(const fs::path& root) {
    std::vector<fs::path> zones;
    for (const auto& zone : folders_in(root / "sys/class/powercap")) {
      const bool package = line_or(zone / "name", "").starts_with("package-");
      if (package && fs::exists(zone / "energy_uj")) zones.push_back(zone);
    }
    return zones;
  }

  explicit Counters(std::vector<fs::path> zones) : zones_(std::move(zones)) {}

  std::string name() const override {
    std::string result = "powercap:";
    for (const auto& zone : zones_) result += " " + read_line(zone / "name");
    return result;
  }

  double energy_mj(const std::function<void()>& work) const override {
    std::vector<double> before;
    for (const auto& zone : zones_) before.push_back(number_in(zone / "energy_uj"));
    work();
    double sum = 0;
    for (std::size_t i = 0; i < zones_.size(); ++i) {
      double used = number_in(zones_[i] / "energy_uj") - before[i];
      // The counter starts again at 0 when it is full: after about a quarter of an hour under load.
      if (used < 0) used += number_in(zones_[i] / "max_energy_range_uj");
      sum += used / 1000;
    }
    return sum;
  }

 private:
  std::vector<fs::path> zones_;
};

EnergyMeter::EnergyMeter(const fs::path& root, double period_ms) {
  require(period_ms > 0, "energy meter", "a period above 0 ms", text(period_ms));
  auto rails = without_parts(hwmon_rails(root));
  std::string kind = "hwmon";
  if (rails.empty()) {
    rails = without_parts(iio_rails(root));
    kind = "iio";
  }
  if (!rails.empty()) {
    sensor_ = std::make_unique<Powers>(kind, std::move(rails), period_ms);
    return;
  }
  auto zones = Counters::find(root);
  if (!zones.empty()) sensor_ = std::make_unique<Counters>(std::move(zones));
}

EnergyMeter::~EnergyMeter() = default;
EnergyMeter::EnergyMeter(EnergyMeter&&) noexcept = default;
EnergyMeter& EnergyMeter::operator=(EnergyMeter&&) noexcept = default;

std::string EnergyMeter::sensor() const {
  return sensor_ ? sensor_->name() : "not measured: no sensor";
}

Quantity EnergyMeter::measure_mj(const std::function<void()>& work, const Quantity& idle_mw) const {
  if (!sensor_) {
    work();
    return {};
  }
  const auto alone = access_.write("energy meter");
  const auto start = Clock::now();
  double elapsed_ms = 0;
  const double energy = sensor_->energy_mj([&] {
    work();
    elapsed_ms = milliseconds_since(start);
  });
  const double idle = idle_mw.known() ? idle_mw.value() * elapsed_ms / 1000 : 0;
  return Quantity(energy - idle, Origin::measured);
}

Quantity EnergyMeter::idle_power_mw(double seconds) const {
  if (!sensor_) return {};
  require(seconds > 0, "energy meter", "a time above 0 s", text(seconds));
  const auto rest = std::chrono::duration<double>(seconds);
  const Quantity energy = measure_mj([&] { std::this_thread::sleep_for(rest); });
  return 1 / seconds * energy;
}

}  // namespace muxnet
