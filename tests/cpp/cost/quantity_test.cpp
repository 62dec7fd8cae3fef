#include "muxnet/cost/quantity.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

#include "support/errors.hpp"

namespace muxnet {
namespace {

using testing::error_of;

TEST(Quantity, SumsKeepEveryOriginOnce) {
  const Quantity sum =
      Quantity(1, Origin::paper) + 2 * Quantity(3, Origin::measured) + Quantity(0.5, Origin::paper);
  EXPECT_DOUBLE_EQ(sum.value(), 7.5);
  EXPECT_EQ(sum.origins(), (std::vector{Origin::measured, Origin::paper}));
}

TEST(Quantity, WhatIsComputedFromTheUnknownIsUnknown) {
  const Quantity unknown;
  EXPECT_FALSE((unknown + Quantity(1, Origin::counted)).known());
  EXPECT_FALSE((0 * unknown).known());
  EXPECT_TRUE(unknown.origins().empty());
  EXPECT_THROW(unknown.value(), std::logic_error);
  EXPECT_EQ(Quantity::zero().value(), 0);
  EXPECT_EQ((Quantity::zero() + Quantity(2, Origin::paper)).origins(), std::vector{Origin::paper});
}

TEST(Quantity, OriginsHaveNames) {
  for (const auto origin : {Origin::counted, Origin::measured, Origin::modelled, Origin::paper}) {
    EXPECT_EQ(origin_named(name_of(origin)), origin);
  }
  EXPECT_EQ(error_of<std::invalid_argument>([] { origin_named("guessed"); }),
            "[origin] expected counted, measured, modelled or paper, received guessed");
  EXPECT_THROW(Quantity(std::numeric_limits<double>::quiet_NaN(), Origin::paper),
               std::invalid_argument);
}

}  // namespace
}  // namespace muxnet
