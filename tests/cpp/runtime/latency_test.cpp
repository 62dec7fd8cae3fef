#include "muxnet/runtime/latency.hpp"

#include <gtest/gtest.h>

#include "support/pool.hpp"

namespace muxnet {
namespace {

TEST(Latency, IsAPositiveTimeAndRefusesNothingToMeasure) {
  const auto model = testing::tiny_model("small", 0, 1);
  const Latency found = measure_latency(*model, {.batch = 2, .turns = 3});
  EXPECT_GT(found.ms, 0.0);
  EXPECT_GE(found.typical_ms, found.ms);
  EXPECT_THROW(measure_latency(*model, {.batch = 1, .turns = 0}), std::invalid_argument);
  EXPECT_THROW(measure_latency(*model, {.batch = 0, .turns = 1}), std::invalid_argument);
}

}  // namespace
}  // namespace muxnet
