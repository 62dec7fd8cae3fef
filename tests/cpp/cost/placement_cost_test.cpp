#include "muxnet/cost/placement_cost.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "support/errors.hpp"

namespace muxnet {
namespace {

Cost paper(double macs, double latency_ms, double energy_mj) {
  return {Quantity(macs, Origin::paper), Quantity(latency_ms, Origin::paper),
          Quantity(energy_mj, Origin::paper)};
}

// Table I of the paper; its multiplexer costs what mobilenet_v2 does.
const Cost mobile = paper(299e6, 3.53, 12);
const Cost cloud = paper(16.4e9, 13.1, 110);

TEST(Deployment, HybridIsTableOneOfThePaper) {
  const Cost cost = hybrid(0.68, mobile, mobile_only(mobile), cloud);
  EXPECT_NEAR(cost.latency_ms.value(), 10.12, 0.005);
  EXPECT_NEAR(cost.energy_mj.value(), 55.36, 0.005);
  EXPECT_NEAR(cost.macs.value(), 5.75e9, 0.005e9);
  const Cost free = hybrid(0.68, no_cost(), mobile, cloud);
  EXPECT_NEAR(free.latency_ms.value(), 6.59, 0.005);
  EXPECT_NEAR(free.energy_mj.value(), 43.36, 0.005);
  EXPECT_NEAR(free.macs.value(), 5.45e9, 0.005e9);
  EXPECT_EQ(free.energy_mj.origins(), std::vector{Origin::paper});
}

TEST(Deployment, CloudOnlyIsTheSumOfItsParts) {
  const Cost cost = cloud_only(paper(0, 1, 10), paper(5, 7, 0), paper(0, 0.5, 3));
  EXPECT_DOUBLE_EQ(cost.macs.value(), 5);
  EXPECT_DOUBLE_EQ(cost.latency_ms.value(), 8.5);
  EXPECT_DOUBLE_EQ(cost.energy_mj.value(), 13);
}

TEST(Deployment, MultiplexedIsTableTwoOfThePaper) {
  const std::vector<double> called{0.1056, 0.188, 0.218, 0.148, 0.158, 0.1824};
  const std::vector<Cost> models{paper(655e6, 6.8, 0),   paper(299e6, 3.0, 0),
                                 paper(313e6, 5.5, 0),   paper(4.08e9, 8.9, 0),
                                 paper(11.5e9, 11.3, 0), paper(16.4e9, 11.8, 0)};
  const Cost printed = multiplexed(called, models, no_cost());
  EXPECT_NEAR(printed.latency_ms.value(), 7.736, 0.0005);
  EXPECT_NEAR(printed.macs.value(), 5.606e9, 0.0005e9);
  const Cost whole = multiplexed(called, models, paper(299e6, 3.0, 0));
  EXPECT_NEAR(whole.latency_ms.value(), 10.736, 0.0005);
}

TEST(Deployment, UnknownEnergyStaysUnknown) {
  Cost dark = mobile;
  dark.energy_mj = {};
  const Cost cost = hybrid(0.5, dark, mobile, cloud);
  EXPECT_FALSE(cost.energy_mj.known());
  EXPECT_TRUE(cost.latency_ms.known());
}

TEST(Deployment, RefusesSharesOutsideOneAndOtherCounts) {
  using testing::error_of;
  EXPECT_EQ(error_of<std::invalid_argument>([] { hybrid(1.2, mobile, mobile, cloud); }),
            "[hybrid, local] expected a share in [0, 1], received 1.2");
  const std::vector<double> one{1}, negative{-0.1, 1};
  const std::vector<Cost> two{mobile, cloud};
  EXPECT_EQ(error_of<std::invalid_argument>([&] { multiplexed(one, two, no_cost()); }),
            "[multiplexed] expected 2 called shares, received 1");
  EXPECT_THROW(multiplexed(negative, two, no_cost()), std::invalid_argument);
}

}  // namespace
}  // namespace muxnet
