#include "muxnet/cost/energy_meter.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <limits>
#include <thread>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

namespace fs = std::filesystem;

/// A tree as the kernel shows it below /sys.
class EnergyMeterTest : public ::testing::Test {
 protected:
  void TearDown() override { fs::remove_all(root_); }

  void put(const fs::path& path, const std::string& content) const {
    fs::create_directories((root_ / path).parent_path());
    // Whole at every moment, as the kernel's: it may be read meanwhile.
    const fs::path written = root_ / "written";
    std::ofstream(written) << content << '\n';
    fs::rename(written, root_ / path);
  }

  void put_ina3221(const fs::path& chip, const std::vector<std::string>& rails) const {
    put(chip / "name", "ina3221");
    for (std::size_t i = 0; i < rails.size(); ++i) {
      const std::string n = std::to_string(i + 1);
      put(chip / ("in" + n + "_label"), rails[i]);
      put(chip / ("in" + n + "_input"), "5000");      // mV
      put(chip / ("curr" + n + "_input"), n + "00");  // mA: 0.5 W, 1 W, 1.5 W
    }
  }

  /// Power seen over some 40 ms; to be told apart from that of other rails, on a busy machine too.
  double watts(const EnergyMeter& meter) const {
    const auto start = std::chrono::steady_clock::now();
    double seconds = 0;
    const Quantity energy = meter.measure_mj([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(40));
      seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    });
    EXPECT_EQ(energy.origins(), std::vector{Origin::measured});
    return energy.value() / 1000 / seconds;
  }

  const fs::path root_ =
      fs::temp_directory_path() / ("muxnet-energy-" + std::to_string(::getpid()));
};

TEST_F(EnergyMeterTest, WithoutASensorNothingIsMeasured) {
  const EnergyMeter meter(root_);
  bool done = false;
  EXPECT_FALSE(meter.measure_mj([&] { done = true; }).known());
  EXPECT_TRUE(done);
  EXPECT_FALSE(meter.idle_power_mw(1).known());
  EXPECT_EQ(meter.sensor(), "not measured: no sensor");
}

TEST_F(EnergyMeterTest, APeriodInWhichCountersMayGoRoundIsRefused) {
  for (const double period_ms : {0.0, -1.0, 1001.0, 1e300, std::numeric_limits<double>::infinity(),
                                 std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW(EnergyMeter(root_, period_ms), std::invalid_argument) << period_ms;
    EXPECT_THROW(EnergyMeter(root_).idle_power_mw(period_ms * 4), std::invalid_argument);
  }
  EXPECT_NO_THROW(EnergyMeter(root_, 1000));
}

TEST_F(EnergyMeterTest, RailsOfAnIna3221AreVoltageTimesCurrentAndSum) {
  put_ina3221("sys/class/hwmon/hwmon1", {"VDD_GPU", "VDD_CPU", "VDD_SOC"});
  put("sys/class/hwmon/hwmon0/name", "coretemp");
  const EnergyMeter meter(root_, 2);
  EXPECT_EQ(meter.sensor(), "hwmon: VDD_GPU VDD_CPU VDD_SOC");
  EXPECT_NEAR(watts(meter), 3.0, 1.2);
}

TEST_F(EnergyMeterTest, TheBoardsInputHoldsTheOtherRails) {
  put_ina3221("sys/class/hwmon/hwmon0", {"VDD_GPU", "VDD_IN", "VDD_CPU"});
  const EnergyMeter meter(root_, 2);
  EXPECT_EQ(meter.sensor(), "hwmon: VDD_IN");
  EXPECT_NEAR(watts(meter), 1.0, 0.4);
}

TEST_F(EnergyMeterTest, LabelsMayHaveBlanksAroundThemAndLowerCase) {
  for (const std::string label : {"VDD_IN ", "vdd_in", "VDD_IN\r", " Vdd_In"}) {
    put_ina3221("sys/class/hwmon/hwmon0", {label, "VDD_CPU", "nc_1 "});
    EXPECT_EQ(EnergyMeter(root_).sensor(), "hwmon: VDD_IN");
  }
}

TEST_F(EnergyMeterTest, ANumberWithAUnitIsNone) {
  put_ina3221("sys/class/hwmon/hwmon0", {"VDD_GPU", "VDD_CPU"});
  put("sys/class/hwmon/hwmon0/curr1_input", "1 A");
  EXPECT_EQ(EnergyMeter(root_).sensor(), "hwmon: VDD_CPU");
}

TEST_F(EnergyMeterTest, ChipsOfPowerShowItInMicrowatt) {
  for (const std::string chip : {"ina219", "ina226", "ina260_u14"}) {
    put("sys/class/hwmon/hwmon3/name", chip);
    put("sys/class/hwmon/hwmon3/power1_input", "2500000");
    const EnergyMeter meter(root_, 2);
    EXPECT_EQ(meter.sensor(), "hwmon: " + chip + " 1");
    EXPECT_NEAR(watts(meter), 2.5, 1.0);
  }
}

TEST_F(EnergyMeterTest, JetsonsIioShowsRailsInMilliwatt) {
  put("sys/bus/iio/devices/iio:device0/rail_name_0", "VDD_SYS_GPU");
  put("sys/bus/iio/devices/iio:device0/in_power0_input", "400");
  put("sys/bus/iio/devices/iio:device0/rail_name_1", "VDD_SYS_SOC");
  put("sys/bus/iio/devices/iio:device0/in_power1_input", "600");
  const EnergyMeter meter(root_, 2);
  EXPECT_EQ(meter.sensor(), "iio: VDD_SYS_GPU VDD_SYS_SOC");
  EXPECT_NEAR(watts(meter), 1.0, 0.4);
}

TEST_F(EnergyMeterTest, RaplCountsPackagesOnlyAndRunsOver) {
  const fs::path package = "sys/class/powercap/intel-rapl:0";
  put(package / "name", "package-0");
  put(package / "energy_uj", "999000");
  put(package / "max_energy_range_uj", "1000000");
  put("sys/class/powercap/intel-rapl:0:0/name", "core");
  put("sys/class/powercap/intel-rapl:0:0/energy_uj", "5");
  const EnergyMeter meter(root_);
  EXPECT_EQ(meter.sensor(), "powercap: package-0");
  EXPECT_DOUBLE_EQ(meter.measure_mj([&] { put(package / "energy_uj", "999500"); }).value(), 0.5);
  EXPECT_DOUBLE_EQ(meter.measure_mj([&] { put(package / "energy_uj", "1500"); }).value(), 2.0);
}

TEST_F(EnergyMeterTest, IdlePowerIsTakenOff) {
  put_ina3221("sys/class/hwmon/hwmon0", {"VDD_IN"});
  const EnergyMeter meter(root_, 2);
  const Quantity idle = meter.idle_power_mw(0.04);
  EXPECT_NEAR(idle.value(), 500, 200);
  const auto rest = [] { std::this_thread::sleep_for(std::chrono::milliseconds(100)); };
  const double whole = meter.measure_mj(rest).value();
  EXPECT_NEAR(whole, 50, 20);
  EXPECT_LT(meter.measure_mj(rest, Quantity(400, Origin::measured)).value(), whole / 2);
  EXPECT_FALSE(meter.measure_mj(rest, Quantity(600, Origin::measured)).known());
  EXPECT_NE(meter.sensor().find(" mJ of the device at rest, received "), std::string::npos);
}

TEST_F(EnergyMeterTest, AGXOrinsRailsSumAndChannelsWithoutANumberArePassedOver) {
  put_ina3221("sys/class/hwmon/hwmon1", {"VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0"});
  put_ina3221("sys/class/hwmon/hwmon2", {"NC", "VDDQ_VDD2_1V8AO", "NC_2"});
  put_ina3221("sys/class/hwmon/hwmon3", {"VDD_OFF", "VDD_NAN"});
  put("sys/class/hwmon/hwmon3/in1_input", "");
  put("sys/class/hwmon/hwmon3/curr2_input", "nan");
  const EnergyMeter meter(root_, 2);
  EXPECT_EQ(meter.sensor(), "hwmon: VDD_GPU_SOC VDD_CPU_CV VIN_SYS_5V0 VDDQ_VDD2_1V8AO");
  EXPECT_NEAR(watts(meter), 4.0, 1.6);
}

TEST_F(EnergyMeterTest, ATotalThatGivesNoNumberLeavesTheSumOfTheOthers) {
  put_ina3221("sys/class/hwmon/hwmon0", {"VDD_IN", "VDD_CPU"});
  put("sys/class/hwmon/hwmon0/in1_input", "off");
  EXPECT_EQ(EnergyMeter(root_).sensor(), "hwmon: VDD_CPU");
}

TEST_F(EnergyMeterTest, WhereOneKindOfSensorIsSilentTheNextIsAsked) {
  put_ina3221("sys/class/hwmon/hwmon0", {"NC", "NC", "NC"});
  put("sys/bus/iio/devices/iio:device0/rail_name_0", "POM_5V_IN");
  put("sys/bus/iio/devices/iio:device0/in_power0_input", "400");
  put("sys/bus/iio/devices/iio:device0/rail_name_1", "POM_5V_GPU");
  put("sys/bus/iio/devices/iio:device0/in_power1_input", "100");
  EXPECT_EQ(EnergyMeter(root_).sensor(), "iio: POM_5V_IN");
}

TEST_F(EnergyMeterTest, ARailThatMayNotBeReadIsNotMeasuredWithTheRemedy) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  put_ina3221("sys/class/hwmon/hwmon0", {"VDD_GPU", "VDD_CPU"});
  fs::permissions(root_ / "sys/class/hwmon/hwmon0/in2_input", fs::perms::none);
  const EnergyMeter meter(root_, 2);
  EXPECT_TRUE(meter.sensor().starts_with("not measured: ")) << meter.sensor();
  EXPECT_NE(meter.sensor().find("as root, run: chmod a+r "), std::string::npos);
  EXPECT_FALSE(meter.measure_mj([] {}).known());
}

class RaplTest : public EnergyMeterTest {
 protected:
  void zone(const fs::path& folder, const std::string& name, const std::string& energy_uj) const {
    put(powercap / folder / "name", name);
    put(powercap / folder / "energy_uj", energy_uj);
  }

  const fs::path powercap = "sys/class/powercap";
};

TEST_F(RaplTest, DramIsNotInThePackageAndIsCounted) {
  zone("intel-rapl:0", "package-0", "1000000");
  zone("intel-rapl:0:0", "core", "1");
  zone("intel-rapl:0:1", "uncore", "1");
  zone("intel-rapl:0:2", "dram", "0");
  const EnergyMeter meter(root_);
  EXPECT_EQ(meter.sensor(), "powercap: package-0 package-0/dram");
  const auto work = [&] {
    zone("intel-rapl:0", "package-0", "1004000");
    zone("intel-rapl:0:0", "core", "3000");
    zone("intel-rapl:0:2", "dram", "1000");
  };
  EXPECT_DOUBLE_EQ(meter.measure_mj(work).value(), 5.0);
}

TEST_F(RaplTest, WhatTwoDriversShowCountsOnce) {
  zone("intel-rapl-mmio:0", "package-0", "900");
  zone("intel-rapl-mmio:0/intel-rapl-mmio:0:0", "dram", "900");
  zone("intel-rapl:0", "package-0", "1000");
  zone("intel-rapl:0:1", "dram", "1000");
  zone("intel-rapl:1", "package-1", "1000");
  EXPECT_EQ(EnergyMeter(root_).sensor(), "powercap: package-0 package-0/dram package-1");
}

TEST_F(RaplTest, PsysHoldsThePackagesWhereItCountsAndTheMeterKeepsToIt) {
  const auto works = [&](const std::string& package_uj, const std::string& psys_uj) {
    return [=, this] {
      zone("intel-rapl:0", "package-0", package_uj);
      zone("intel-rapl:1", "psys", psys_uj);
    };
  };
  works("0", "0")();
  const EnergyMeter meter(root_);
  EXPECT_DOUBLE_EQ(meter.measure_mj(works("1000", "3000")).value(), 3);
  EXPECT_EQ(meter.sensor(), "powercap: psys");
  EXPECT_FALSE(meter.measure_mj(works("2000", "3000")).known());
  EXPECT_TRUE(meter.sensor().starts_with("not measured: [")) << meter.sensor();
}

TEST_F(RaplTest, PsysMayBearTheNumberOfAPackage) {
  const auto works = [&](const std::string& package_uj, const std::string& psys_uj) {
    zone("intel-rapl:0", "package-0", package_uj);
    zone("intel-rapl:1", "package-1", package_uj);
    zone("intel-rapl:2", "psys-1", psys_uj);
  };
  works("0", "0");
  const EnergyMeter meter(root_);
  EXPECT_DOUBLE_EQ(meter.measure_mj([&] { works("1000", "4500"); }).value(), 4.5);
}

TEST_F(RaplTest, APsysThatStandsStillOrCountsLessThanItsPackagesIsLeft) {
  for (const std::string psys_uj : {"5", "6"}) {
    zone("intel-rapl:0", "package-0", "1000");
    zone("intel-rapl:1", "psys", "5");
    const EnergyMeter meter(root_);
    const auto work = [&] {
      zone("intel-rapl:0", "package-0", "2000");
      zone("intel-rapl:1", "psys", psys_uj);
    };
    EXPECT_DOUBLE_EQ(meter.measure_mj(work).value(), 1);
    EXPECT_EQ(meter.sensor(), "powercap: package-0");
  }
}

TEST_F(RaplTest, DramThatStandsStillIsLeftOutAndAPackageIsNot) {
  zone("intel-rapl:0", "package-0", "1000");
  zone("intel-rapl:0:0", "dram", "0");
  const EnergyMeter meter(root_);
  EXPECT_DOUBLE_EQ(meter.measure_mj([&] { zone("intel-rapl:0", "package-0", "2000"); }).value(), 1);
  EXPECT_EQ(meter.sensor(), "powercap: package-0");
  zone("intel-rapl:1", "package-1", "1000");
  const EnergyMeter both(root_);
  EXPECT_FALSE(both.measure_mj([&] { zone("intel-rapl:0", "package-0", "3000"); }).known());
  EXPECT_TRUE(both.sensor().starts_with("not measured: [" + (root_ / powercap).string() +
                                        "/intel-rapl:1/energy_uj] expected more than 0 mJ"))
      << both.sensor();
}

TEST_F(RaplTest, ACounterIsReadOnTheWaySoThatNoTurnIsMissed) {
  zone("intel-rapl:0", "package-0", "60000000000");
  put(powercap / "intel-rapl:0/max_energy_range_uj", "65532610987");
  const EnergyMeter meter(root_, 1);
  const Quantity energy = meter.measure_mj([&] {
    for (std::int64_t turn = 1, uj = 60000000000; turn <= 30; ++turn) {
      uj = (uj + 5000000000) % 65532610987;
      zone("intel-rapl:0", "package-0", std::to_string(uj));
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  if (!energy.known()) GTEST_SKIP() << "too busy a machine: " << meter.sensor();
  EXPECT_NEAR(energy.value(), 150e6, 1);
}

TEST_F(RaplTest, DiesThatShowTheirPackagesCounterCountOnce) {
  zone("intel-rapl:0", "package-0-die-0", "7000000000");
  zone("intel-rapl:1", "package-0-die-1", "7000000400");
  zone("intel-rapl:2", "package-1-die-0", "7000000000");
  zone("intel-rapl:3", "package-1-die-1", "9000000000");
  EXPECT_EQ(EnergyMeter(root_).sensor(),
            "powercap: package-0-die-0 package-1-die-0 package-1-die-1");
}

TEST_F(RaplTest, ACounterOfRootsAloneIsNotMeasuredUnlessAnotherDriverShowsIt) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  zone("intel-rapl:0", "package-0", "1000");
  fs::permissions(root_ / powercap / "intel-rapl:0/energy_uj", fs::perms::none);
  const std::string folder = (root_ / powercap).string();
  EXPECT_EQ(EnergyMeter(root_).sensor(),
            "not measured: " + folder + "/intel-rapl:0/energy_uj may not be read by this user; " +
                "as root, run: chmod a+r " + folder + "/*/energy_uj");
  zone("intel-rapl-mmio:0", "package-0", "1000");
  EXPECT_EQ(EnergyMeter(root_).sensor(), "powercap: package-0");
}

TEST_F(EnergyMeterTest, ASensorThatFailsOnTheWayLeavesTheWorkItsResult) {
  put_ina3221("sys/class/hwmon/hwmon0", {"VDD_IN"});
  const EnergyMeter meter(root_, 2);
  const auto rest = [] { std::this_thread::sleep_for(std::chrono::milliseconds(20)); };
  const auto breaks = [&] {
    put("sys/class/hwmon/hwmon0/curr1_input", "n/a");
    rest();
  };
  EXPECT_FALSE(meter.measure_mj(breaks).known());
  EXPECT_TRUE(meter.sensor().starts_with("not measured: ")) << meter.sensor();
  bool done = false;
  EXPECT_FALSE(meter.measure_mj([&] { done = true; }).known());
  EXPECT_TRUE(done);
  put("sys/class/hwmon/hwmon0/curr1_input", "100");
  EXPECT_TRUE(meter.measure_mj(rest).known());
  EXPECT_EQ(meter.sensor(), "hwmon: VDD_IN");
  EXPECT_THROW(meter.measure_mj([] { throw std::runtime_error("its own"); }), std::runtime_error);
}

}  // namespace
}  // namespace muxnet
