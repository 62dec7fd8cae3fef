#include "muxnet/cost/energy_tally.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace muxnet {
namespace {

namespace fs = std::filesystem;

class EnergyTallyTest : public ::testing::Test {
 protected:
  EnergyTallyTest() { fs::create_directories(root_); }
  ~EnergyTallyTest() override { fs::remove_all(root_); }

  void put(const std::string& file, const std::string& content) const {
    std::ofstream(root_ / file) << content << '\n';
  }
  void put_range(const std::string& uj) const { put("max_energy_range_uj", uj); }

  EnergySource source(const std::string& file) const { return {file, {root_ / file}, 1e-3}; }

  EnergyTally counter(const std::string& uj) const {
    put("energy_uj", uj);
    return {{source("energy_uj")}, true};
  }

  void reads(EnergyTally& tally, const std::string& uj, double gap_ms = 5) const {
    put("energy_uj", uj);
    tally.read(gap_ms);
  }

  static void expect_problem(const EnergyTally& tally, const std::string& said) {
    EXPECT_NE(tally.problem().find(said), std::string::npos) << tally.problem();
    EXPECT_NE(tally.problem().find("; measure "), std::string::npos) << tally.problem();
  }

  const fs::path root_ = fs::temp_directory_path() / ("muxnet-tally-" + std::to_string(::getpid()));
};

TEST_F(EnergyTallyTest, ACounterMayGoRoundAnyNumberOfTimes) {
  EnergyTally tally = counter("65000000000");
  put_range("65532610987");
  for (int turn = 0; turn < 3; ++turn) {
    reads(tally, "467389013", 1000);
    for (const char* uj : {"20000000000", "40000000000", "65000000000"}) reads(tally, uj, 1900);
  }
  EXPECT_EQ(tally.problem(), "");
  EXPECT_NEAR(tally.energy_mj(), 3 * 65532610.987, 1e-3);
}

TEST_F(EnergyTallyTest, ARangeThatTheCounterHasPassedIsNone) {
  for (const std::string range : {"0", "-1", "65532610987"}) {
    EnergyTally tally = counter("262143000000");
    put_range(range);
    reads(tally, "671150");
    expect_problem(tally, "max_energy_range_uj] expected at least the 2.62143e+08 mJ that");
  }
}

TEST_F(EnergyTallyTest, ACounterThatWasSetBackIsNotTakenForOneThatWentRound) {
  EnergyTally tally = counter("5000000000");
  put_range("262143328850");
  reads(tally, "0");
  expect_problem(tally, "energy_uj] expected 0 to 1.01e+07 mJ drawn in 5 ms, received 2.57143e+08");
  reads(tally, "1000");
  expect_problem(tally, "2.57143e+08");
}

TEST_F(EnergyTallyTest, WithoutARangeItIsKnownAsLongAsTheCounterDoesNotGoRound) {
  EnergyTally tally = counter("1000");
  reads(tally, "2000");
  EXPECT_EQ(tally.problem(), "");
  EXPECT_DOUBLE_EQ(tally.energy_mj(), 1);
  reads(tally, "500");
  expect_problem(tally, "max_energy_range_uj");
}

TEST_F(EnergyTallyTest, ACounterThatWasNotReadForLongMayHaveGoneRound) {
  EnergyTally tally = counter("1000");
  reads(tally, "2000", 2001);
  expect_problem(tally, "expected a reading every 2000 ms, received one after 2001 ms");
}

TEST_F(EnergyTallyTest, ACounterThatStandsStillIsToldInAllAndOnTheWay) {
  EnergyTally tally = counter("1000");
  tally.read(5);
  expect_problem(tally, "energy_uj] expected more than 0 mJ drawn, received 0 mJ in 5 ms");
  reads(tally, "2000");
  EXPECT_EQ(tally.problem(), "");
  for (int i = 0; i < 3; ++i) tally.read(1000);
  reads(tally, "3000");
  expect_problem(tally, "received 0 mJ in 3000 ms");
}

TEST_F(EnergyTallyTest, AFileThatFailsOnTheWayIsToldEvenWhereItComesBack) {
  EnergyTally tally = counter("1000");
  reads(tally, "n/a");
  reads(tally, "2000");
  expect_problem(tally, "energy_uj] expected a number, received n/a");
}

TEST_F(EnergyTallyTest, RailsMayBeNegativeWhereTheirSumIsNot) {
  put("one", "-8000");
  put("two", "1008000");
  EnergyTally rails({source("one"), source("two")}, false);
  rails.read(1000);
  EXPECT_EQ(rails.problem(), "");
  EXPECT_DOUBLE_EQ(rails.energy_mj(), 1000);
  EnergyTally first({source("one")}, false);
  first.read(1000);
  expect_problem(first, "mJ drawn in 1000 ms, received -8 mJ");
}

TEST_F(EnergyTallyTest, RailsWithoutAnyPowerOrWithMoreThanAMachineDrawsAreNotTold) {
  put("rail", "0");
  EnergyTally none({source("rail")}, false);
  none.read(5);
  expect_problem(none, "expected more than 0 mJ drawn");
  put("rail", "1e15");
  EnergyTally huge({source("rail")}, false);
  huge.read(5);
  expect_problem(huge, "rail] expected 0 to 1.01e+07 mJ drawn in 5 ms");
}

}  // namespace
}  // namespace muxnet
