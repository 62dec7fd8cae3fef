#include "muxnet/cost/link.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace muxnet {
namespace {

Quantity modelled(double value) { return Quantity(value, Origin::modelled); }

LinkProfile link() {
  return {"test",       modelled(8),   modelled(16),  modelled(4),  modelled(100),
          modelled(50), modelled(200), modelled(500), modelled(120)};
}

TEST(Link, AnExchangeIsAsComputedByHand) {
  const Quantity server(10, Origin::measured);
  const Exchange cost = exchange(link(), {5000, 1000}, server);
  // 40 kbit at 8 Mbps: 5 ms at 1000 mW, then 2 ms at 200 mW.
  EXPECT_DOUBLE_EQ(cost.upload.latency_ms.value(), 5 + 2);
  EXPECT_DOUBLE_EQ(cost.upload.energy_mj.value(), 5 + 0.4);
  EXPECT_DOUBLE_EQ(cost.waiting.latency_ms.value(), 10);
  EXPECT_DOUBLE_EQ(cost.waiting.energy_mj.value(), 2);
  // 8 kbit at 16 Mbps: 0.5 ms at 1000 mW, 2 ms at 200 mW, the tail 500 ms at 120 mW.
  EXPECT_DOUBLE_EQ(cost.download.latency_ms.value(), 0.5 + 2);
  EXPECT_DOUBLE_EQ(cost.download.energy_mj.value(), 0.5 + 0.4 + 60);
  EXPECT_EQ(cost.waiting.energy_mj.origins(), (std::vector{Origin::measured, Origin::modelled}));
  EXPECT_DOUBLE_EQ(cost.upload.macs.value(), 0);
}

TEST(Link, WhatIsNotKnownOfItIsNotKnownOfTheExchange) {
  LinkProfile silent = link();
  silent.base_mw = {};
  const Exchange energy = exchange(silent, {1, 1}, modelled(1));
  EXPECT_FALSE(energy.upload.energy_mj.known());
  EXPECT_TRUE(energy.upload.latency_ms.known());
  LinkProfile slow = link();
  slow.upload_mbps = {};
  EXPECT_FALSE(exchange(slow, {1, 1}, modelled(1)).upload.latency_ms.known());
}

TEST(Link, RefusesWhatCannotBe) {
  EXPECT_THROW(exchange(link(), {-1, 0}, modelled(1)), std::invalid_argument);
  LinkProfile dead = link();
  dead.download_mbps = modelled(0);
  EXPECT_THROW(exchange(dead, {1, 1}, modelled(1)), std::invalid_argument);
}

}  // namespace
}  // namespace muxnet
