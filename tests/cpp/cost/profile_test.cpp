#include "muxnet/cost/profile.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <fstream>
#include <stdexcept>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "support/errors.hpp"

namespace muxnet {
namespace {

namespace fs = std::filesystem;
using testing::contains;
using testing::error_of;

class Profile : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path file(const std::string& content) const {
    const fs::path path = folder_ / "profile.json";
    std::ofstream(path) << content;
    return path;
  }

  const fs::path folder_ =
      fs::temp_directory_path() / ("muxnet-profile-" + std::to_string(::getpid()));
};

TEST_F(Profile, ADeviceComesBackAsItWasSaved) {
  DeviceProfile device;
  device.name = "bench";
  device.networks["small"] = {Quantity(3e6, Origin::counted), Quantity(0.25, Origin::measured), {}};
  save_device(folder_ / "device.json", device, "a test");
  const DeviceProfile again = load_device(folder_ / "device.json");
  EXPECT_EQ(again.name, "bench");
  const Cost& cost = again.networks.at("small");
  EXPECT_EQ(cost.macs.value(), 3e6);
  EXPECT_EQ(cost.latency_ms.value(), 0.25);
  EXPECT_EQ(cost.latency_ms.origins(), std::vector{Origin::measured});
  EXPECT_FALSE(cost.energy_mj.known());
  EXPECT_THROW(save_device(folder_ / "device.json", device, ""), std::invalid_argument);
}

TEST_F(Profile, ShippedOnesLoad) {
  int devices = 0, links = 0;
  for (const auto& entry : fs::directory_iterator(MUXNET_PROFILES)) {
    const std::string content = read_file(entry.path());
    if (content.find("muxnet-link-1") != std::string::npos) {
      EXPECT_GT(load_link(entry.path()).upload_mbps.value(), 0) << entry.path();
      ++links;
    } else if (content.find("muxnet-device-1") != std::string::npos) {
      EXPECT_FALSE(load_device(entry.path()).networks.empty()) << entry.path();
      ++devices;
    }
  }
  EXPECT_EQ(devices, 2);
  EXPECT_EQ(links, 3);
}

TEST_F(Profile, WhatDoesNotFitIsNamed) {
  const auto message = [&](const std::string& content) {
    const fs::path path = file(content);
    return error_of<std::invalid_argument>([&] { load_device(path); });
  };
  const std::string begin = R"({"format": "muxnet-device-1", "name": "d", "networks": {)";
  EXPECT_TRUE(contains(message("{"), "expected JSON"));
  EXPECT_TRUE(contains(message("[]"), "expected a JSON object, received array"));
  EXPECT_TRUE(contains(message(R"({"name": "d"})"), "expected a key format, received none"));
  EXPECT_TRUE(contains(message(R"({"format": "other"})"), "expected format muxnet-device-1"));
  EXPECT_TRUE(contains(message(begin + R"(}, "more": 1})"), "expected known keys, received more"));
  EXPECT_TRUE(contains(message(begin + R"("a": {"macs": 3}}})"),
                       "networks, a, macs] expected a JSON object, received number"));
  EXPECT_TRUE(contains(
      message(begin + R"("a": {"macs": {"value": -1, "origin": "paper", "source": "s"}}}})"),
      "expected a number of at least 0, received -1"));
  EXPECT_TRUE(
      contains(message(begin + R"("a": {"macs": {"value": 1, "origin": "paper", "source": ""}}}})"),
               "expected a source"));
  EXPECT_TRUE(contains(
      message(begin + R"("a": {"macs": {"value": 1, "origin": "guess", "source": "s"}}}})"),
      "received guess"));
  EXPECT_THROW(load_device(folder_ / "none.json"), FileError);
}

}  // namespace
}  // namespace muxnet
