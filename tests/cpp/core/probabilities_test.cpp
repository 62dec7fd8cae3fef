#include "muxnet/core/probabilities.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace muxnet {
namespace {

std::string received(const std::vector<float>& row, bool all = true) {
  const auto fault = fault_of(row, all);
  return fault ? fault->received : "";
}

TEST(Probabilities, MayBeRounded) {
  EXPECT_EQ(received({1.0000001F, -1e-9F}), "");
  EXPECT_EQ(received({1.01F, -0.01F}), "");
  EXPECT_EQ(received({0.01F, 0.01F, 0.02F, 0.94F, 0}), "");  // in two decimals, 0.98
  EXPECT_EQ(received({0.5F, 0.49F}), "");                    // which is 0.0100000 from 1 in binary
  EXPECT_EQ(received({0.5F}, false), "");
}

TEST(Probabilities, AreToldFromTheirLimit) {
  EXPECT_EQ(received({-0.0101F, 1}), "-0.0101 of class 0");
  EXPECT_EQ(received({0, 1.010002F}), "1.010002 of class 1");
  EXPECT_EQ(received({1.5F}, false), "1.5");
  EXPECT_EQ(received({std::numeric_limits<float>::quiet_NaN()}), "nan of class 0");
  EXPECT_EQ(received({0.5F, 0.48999F}), "a sum of 0.98999");
  std::vector<float> many(50, -0.01F);
  many[0] = 1.0F;
  many[1] = 0.48F;
  EXPECT_EQ(received(many), "a sum of 1.48");  // as they are clipped
  EXPECT_EQ(received({0.51F, 0.500015F}, false), "a sum of 1.010015");
  EXPECT_EQ(fault_of(std::vector<float>(5, 0.1F))->expected,
            "probabilities that sum to 1 within 0.025");
  EXPECT_EQ(fault_of(std::vector<float>(1000, 0.0F))->expected,
            "probabilities that sum to 1 within 0.05");
}

TEST(Probabilities, AreClippedWithoutChangingWhatOthersSee) {
  const Tensor given = Tensor::from<float>({1.0000001F, 0.5F, -1e-9F}, {3});
  Tensor clipped = given;
  clip_probabilities(clipped);
  EXPECT_EQ(given.data<float>()[0], 1.0000001F);
  EXPECT_EQ(clipped.data<float>()[0], 1.0F);
  EXPECT_EQ(clipped.data<float>()[1], 0.5F);
  EXPECT_EQ(clipped.data<float>()[2], 0.0F);
  const Tensor whole = clipped;
  clip_probabilities(clipped);
  EXPECT_EQ(clipped.raw(), whole.raw());
}

}  // namespace
}  // namespace muxnet
