// The parts of the offload client, each by itself.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>

#include "muxnet/data/read_images.hpp"
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

HostedModel cloud_of(Shape shape, Normalization normalization) {
  HostedModel cloud;
  cloud.name = "large";
  cloud.image_shape = std::move(shape);
  cloud.normalization = std::move(normalization);
  return cloud;
}

TEST(OffloadEndpoint, WritesTheImageAsTheEndpointTakesIt) {
  const Tensor pixels = Tensor::from(std::vector<std::uint8_t>{0, 51, 102, 255}, {1, 1, 2, 2});
  const HostedModel cloud = cloud_of({1, 1, 2, 2}, {{0.2F}, {0.4F}});
  const Endpoint bytes{{"u", "UINT8", {1, 1, 2, 2}}, "y"};
  EXPECT_EQ(make_input({}, bytes, cloud, pixels).bytes, std::string("\0\x33\x66\xFF", 4));
  const auto floats = make_input({}, {{"f", "FP32", {1, 1, 2, 2}}, "y"}, cloud, pixels);
  EXPECT_EQ(floats.shape, (Shape{1, 1, 2, 2}));
  std::array<float, 4> sent{};
  ASSERT_EQ(floats.bytes.size(), sizeof sent);
  std::memcpy(sent.data(), floats.bytes.data(), sizeof sent);
  EXPECT_FLOAT_EQ(sent[0], -0.5F);
  EXPECT_NEAR(sent[1], 0, 1e-6);
  EXPECT_FLOAT_EQ(sent[3], 2);
  EXPECT_THROW(make_input({}, bytes, cloud, Tensor({1, 1, 2, 2})), std::invalid_argument);
  const auto png = make_input({}, {{"b", "BYTES", {-1, 1}}, "y", "png"}, cloud, pixels);
  EXPECT_EQ(png.shape, (Shape{1, 1}));
  EXPECT_EQ(png.bytes.substr(1, 3), "PNG");
  const auto jpeg = make_input({}, {{"b", "BYTES", {-1}}, "y", "jpeg"}, cloud, pixels);
  EXPECT_EQ(jpeg.bytes.substr(0, 3), "\xFF\xD8\xFF");
}

TEST(OffloadEndpoint, MakesPixelsWhatTheCloudsModelWants) {
  Tensor photograph({1, 3, 6, 8}, DType::u8);
  for (std::int64_t at = 0; at < photograph.size(); ++at) {
    photograph.data<std::uint8_t>()[at] = static_cast<std::uint8_t>(10 + at / 48);
  }
  HostedModel cloud = cloud_of({1, 3, 2, 4}, {{0, 0, 0}, {1, 1, 1}});
  const Endpoint planes{{"u", "UINT8", {-1, 3, 2, 4}}, "y"};
  EXPECT_THROW(make_input({}, planes, cloud, photograph), std::invalid_argument);
  cloud.images = ImageFormat{.height = 2, .width = 4};
  const std::string dark(8, 10), middle(8, 11), bright(8, 12);
  EXPECT_EQ(make_input({}, planes, cloud, photograph).bytes, dark + middle + bright);
  cloud.reversed = true;
  EXPECT_EQ(make_input({}, planes, cloud, photograph).bytes, bright + middle + dark);
  const auto last =
      make_input({}, {{"u", "UINT8", {-1, 2, 4, 3}}, "y", raw_payload, true}, cloud, photograph);
  EXPECT_EQ(last.shape, (Shape{1, 2, 4, 3}));
  EXPECT_EQ(last.bytes.substr(0, 6), "\x0C\x0B\x0A\x0C\x0B\x0A");
  // A file is sent whole: the server makes of it what it wants.
  const auto file = make_input({}, {{"b", "BYTES", {-1}}, "y", "png"}, cloud, photograph);
  const auto found = decode_images(std::vector{file.bytes}, std::vector<ImageFormat>{});
  EXPECT_EQ(found.errors.front(), "");
}

}  // namespace
}  // namespace muxnet
