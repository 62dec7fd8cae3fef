#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include "muxnet/core/tensor.hpp"

namespace muxnet::testing {

/// How far two computations of the same sums may differ, relative to the largest value of the
/// tensor: rounding of long sums scales with their terms, not with the result.
inline double tolerance(DType dtype) {
  if (dtype == DType::bf16) return 1e-2;  // two units in the last of 8 places
  return dtype == DType::f64 ? 1e-12 : 2e-5;
}

/// Whether |actual - expected| <= tolerance(dtype) * max |expected| throughout; NaN never is.
template <class T>
::testing::AssertionResult all_close(std::span<const T> actual, std::span<const double> expected,
                                     DType dtype = dtype_of<T>()) {
  if (actual.size() != expected.size()) {
    return ::testing::AssertionFailure()
           << actual.size() << " elements where " << expected.size() << " are expected";
  }
  double largest = 1e-30;
  for (const double value : expected) largest = std::max(largest, std::abs(value));
  const double allowed = tolerance(dtype) * largest;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double difference = std::abs(static_cast<double>(actual[i]) - expected[i]);
    if (!(difference <= allowed)) {
      return ::testing::AssertionFailure()
             << "element " << i << " of " << expected.size() << ": " << actual[i] << ", expected "
             << expected[i] << " +- " << allowed;
    }
  }
  return ::testing::AssertionSuccess();
}

}  // namespace muxnet::testing
