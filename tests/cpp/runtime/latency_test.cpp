#include "muxnet/runtime/latency.hpp"

#include <gtest/gtest.h>

#include "pool.hpp"

namespace muxnet {
namespace {

TEST(Latency, IsAPositiveTimeAndRefusesNothingToMeasure) {
  const auto model = testing::tiny_model("small", 0, 1);
  EXPECT_GT(measure_latency_ms(*model, {.batch = 2, .repetitions = 3}), 0.0);
  EXPECT_THROW(measure_latency_ms(*model, {.batch = 1, .repetitions = 0}), std::invalid_argument);
  EXPECT_THROW(measure_latency_ms(*model, {.batch = 0, .repetitions = 1}), std::invalid_argument);
}

}  // namespace
}  // namespace muxnet
