#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <vector>

#include "muxnet/core/tensor.hpp"
#include "support/errors.hpp"

namespace muxnet::losses_test {

using testing::expect_error;

inline Tensor f64(const std::vector<double>& values, Shape shape) {
  return Tensor::from(values, std::move(shape));
}
inline Tensor labels(const std::vector<std::int32_t>& values) {
  return Tensor::from(values, {static_cast<std::int64_t>(values.size())});
}
inline Tensor right(const std::vector<std::uint8_t>& values, Shape shape) {
  return Tensor::from(values, std::move(shape));
}

/// Within 1e-11 relative to the expected value.
inline void expect_close(double received, double expected) {
  EXPECT_NEAR(received, expected, 1e-11 * std::max(1e-3, std::abs(expected)));
}
inline void expect_close(const Tensor& received, const std::vector<double>& expected) {
  ASSERT_EQ(received.size(), static_cast<std::int64_t>(expected.size()));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    SCOPED_TRACE("at " + std::to_string(i));
    expect_close(received.data<double>()[i], expected[i]);
  }
}
inline void expect_finite(const Tensor& tensor) {
  for (const double x : tensor.span<double>()) EXPECT_TRUE(std::isfinite(x)) << x;
}

}  // namespace muxnet::losses_test
