// The parts of the offload client, each by itself.
#include <gtest/gtest.h>

#include <cmath>

#include "muxnet/offload/decision.hpp"
#include "muxnet/offload/image_input.hpp"
#include "muxnet/offload/link_estimator.hpp"

namespace muxnet {
namespace {

TEST(DurationEstimate, IsTcpsTimer) {
  DurationEstimate estimate;
  estimate.observe(8);
  EXPECT_EQ(estimate.mean_ms(), 8);
  EXPECT_EQ(estimate.bound_ms(), 8 + 4 * 4);
  estimate.observe(16);
  EXPECT_EQ(estimate.mean_ms(), 9);
  EXPECT_EQ(estimate.bound_ms(), 9 + 4 * (0.75 * 4 + 0.25 * 8));
}

TEST(LinkEstimator, FindsRateAndRoundTrip) {
  LinkEstimator estimator({});
  EXPECT_FALSE(estimator.link().upload_mbps.known());
  estimator.observe_empty(12);
  // 50,000 bytes at 20 Mbit/s are 20 ms.
  for (int i = 0; i < 3; ++i) estimator.observe({50'000, 0}, 12 + 20 + 7, 7.0);
  EXPECT_NEAR(estimator.link().upload_mbps.value(), 20, 1e-9);
  EXPECT_EQ(estimator.link().rtt_ms.value(), 12);
  EXPECT_EQ(estimator.server_ms().value(), 7);
  EXPECT_EQ(estimator.link().upload_mbps.origins(), std::vector{Origin::measured});
  for (int i = 0; i < 40; ++i) estimator.observe({50'000, 0}, 12 + 80 + 7, 7.0);
  EXPECT_NEAR(estimator.link().upload_mbps.value(), 5, 0.01);
}

TEST(LinkEstimator, BeginsWithWhatIsKnownAndKeepsTheRadio) {
  LinkProfile prior;
  prior.upload_mbps = Quantity(10, Origin::paper);
  prior.download_mbps = Quantity(30, Origin::paper);
  prior.rtt_ms = Quantity(0, Origin::modelled);
  prior.base_mw = Quantity(132, Origin::paper);
  LinkEstimator estimator(prior, 0.5);
  EXPECT_EQ(estimator.link().upload_mbps.value(), 10);
  estimator.observe({10'000, 0}, 24, {});  // 8 ms expected; half of the way in time per byte
  EXPECT_NEAR(estimator.link().upload_mbps.value(), 5, 1e-9);
  EXPECT_NEAR(estimator.link().download_mbps.value(), 15, 1e-9);
  EXPECT_EQ(estimator.link().base_mw.value(), 132);
  // 7,000 bytes up and 9,000 down, three times as fast, are as much as 10,000 up.
  estimator.observe({7'000, 9'000}, 16, {});
  EXPECT_NEAR(estimator.link().upload_mbps.value(), 5, 1e-9);
  // Faster than the round trip was thought to be.
  estimator.observe_empty(50);
  for (int i = 0; i < 50; ++i) estimator.observe({7'000, 9'000}, 10, {});
  EXPECT_NEAR(estimator.link().rtt_ms.value(), 10, 0.01);
  EXPECT_THROW(estimator.observe({}, 1, {}), std::invalid_argument);
}

TEST(OffloadDecision, JoinsScoreLinkAndObjective) {
  const auto figure = [](double value) { return Quantity(value, Origin::modelled); };
  OffloadObjective objective;
  Prospects prospects;
  prospects.local.latency_ms = figure(5);
  prospects.cloud.latency_ms = figure(25);
  prospects.local.energy_mj = figure(10);
  prospects.cloud.energy_mj = figure(110);
  prospects.time_left_ms = 50;
  EXPECT_EQ(decide(objective, 0.5, prospects), OffloadReason::offloaded);
  EXPECT_EQ(decide(objective, 0.49, prospects), OffloadReason::easy);
  EXPECT_EQ(decide(objective, std::nan(""), prospects), OffloadReason::easy);
  objective.per_ms = 0.01;  // 20 ms more are worth 0.2
  EXPECT_EQ(decide(objective, 0.69, prospects), OffloadReason::too_dear);
  EXPECT_EQ(decide(objective, 0.71, prospects), OffloadReason::offloaded);
  objective.per_mj = 0.001;
  EXPECT_EQ(decide(objective, 0.71, prospects), OffloadReason::too_dear);
  EXPECT_EQ(decide(objective, 0.81, prospects), OffloadReason::offloaded);
  objective.max_energy_mj = 100;
  EXPECT_EQ(decide(objective, 0.9, prospects), OffloadReason::too_dear);
  objective.max_energy_mj = {};
  objective.max_latency_ms = 24;
  EXPECT_EQ(decide(objective, 0.9, prospects), OffloadReason::too_slow);
  prospects.untried = true;
  EXPECT_EQ(decide(objective, 0.9, prospects), OffloadReason::offloaded);
  prospects.untried = false;
  objective.max_latency_ms = {};
  prospects.time_left_ms = 20;
  EXPECT_EQ(decide(objective, 0.9, prospects), OffloadReason::too_slow);
  prospects.cloud.latency_ms = {};
  EXPECT_EQ(decide(objective, 0.9, prospects), OffloadReason::offloaded);
  prospects.link_up = false;
  EXPECT_EQ(decide(objective, 0.9, prospects), OffloadReason::link_down);
}

TEST(OffloadEndpoint, WritesTheImageAsTheEndpointTakesIt) {
  const Tensor pixels = Tensor::from(std::vector<std::uint8_t>{1, 2, 3, 4}, {1, 1, 2, 2});
  const Tensor prepared = Tensor::from(std::vector<float>{1, 2, 3, 4}, {1, 1, 2, 2});
  EndpointOptions options;
  EXPECT_EQ(make_input(options, {{"u", "UINT8", {1, 1, 2, 2}}, "y"}, pixels, prepared).bytes,
            "\1\2\3\4");
  const auto floats = make_input(options, {{"f", "FP32", {1, 1, 2, 2}}, "y"}, pixels, prepared);
  EXPECT_EQ(floats.bytes.size(), 16);
  EXPECT_EQ(floats.shape, (Shape{1, 1, 2, 2}));
  EXPECT_THROW(make_input(options, {{"u", "UINT8", {1, 1, 2, 2}}, "y"}, prepared, prepared),
               std::invalid_argument);
  options.payload = "png";
  const auto png = make_input(options, {{"b", "BYTES", {-1, 1}}, "y"}, pixels, prepared);
  EXPECT_EQ(png.shape, (Shape{1, 1}));
  EXPECT_EQ(png.bytes.substr(1, 3), "PNG");
  options.payload = "jpeg";
  EXPECT_EQ(make_input(options, {{"b", "BYTES", {-1}}, "y"}, pixels, prepared).bytes.substr(0, 3),
            "\xFF\xD8\xFF");
}

}  // namespace
}  // namespace muxnet
