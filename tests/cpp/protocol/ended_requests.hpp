#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "muxnet/protocol/clock.hpp"
#include "muxnet/protocol/transport.hpp"

namespace muxnet::testing {

/// That work() on a transport does not wait for the network where work on one request has ended
/// another: of a server that tells what its model is and never infers.
inline void expect_ended_are_told(const std::string& url) {
  constexpr double patience_ms = 20'000;
  ConnectionOptions options;
  options.url = url;
  options.connect_timeout_ms = 2 * patience_ms;  // libcurl looks again when that is over
  const auto transport = make_transport(options);
  const SteadyClock clock;
  const auto first = transport->describe("m", "");
  const auto second =
      transport->infer({"1", "m", "", "x", "y", "FP32", {1, 1}, std::string(4, '\0')});
  for (int turn = 0; turn < 100; ++turn) {
    EXPECT_FALSE(second->wait(clock.now_ms()));  // works on both
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const double began = clock.now_ms();
  transport->work(began + patience_ms);
  EXPECT_TRUE(first->wait(clock.now_ms()));
  EXPECT_EQ(first->take().fault, Fault::none);
  EXPECT_LT(clock.now_ms() - began, patience_ms / 2);
  // And once it is known it is no news.
  transport->work(clock.now_ms() + 50);
  EXPECT_GT(clock.now_ms() - began, 25);
}

}  // namespace muxnet::testing
