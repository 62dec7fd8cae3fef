#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <vector>

namespace muxnet::testing {

struct GradientCheckOptions {
  double rtol = 5e-6;
  /// Rounding floor, relative to max(1, |f|); hides only gradients that differences cannot see.
  double atol = 1e-10;
  /// Steps relative to max(1, |x|); small ones stay clear of kinks, large ones of rounding.
  std::vector<double> steps = {1e-2, 1e-3, 1e-4, 1e-5};
};

/// The derivative of f along x by fourth-order central differences:
/// (8 (f(x+h) - f(x-h)) - (f(x+2h) - f(x-2h))) / 12h. x is restored to the same bits.
inline double numeric_derivative(const std::function<double()>& f, double& x, double step) {
  const double kept = x;
  const auto at = [&](double offset) {
    x = kept + offset;
    return f();
  };
  const double near = at(step) - at(-step);
  const double far = at(2 * step) - at(-2 * step);
  x = kept;
  return (8 * near - far) / (12 * step);
}

/// Whether `analytic` is the gradient of f() with respect to `inputs`, which f reads on every call.
///
/// For an operator, f = dot(outputs, random cotangent) and `analytic` what its backward adds for
/// that cotangent. Each element must agree with the best of several step sizes within
/// rtol * max(|analytic|, |numeric|) + atol * max(1, |f|). Use as
/// EXPECT_TRUE(gradients_match(f, inputs, analytic)); float64 only.
inline ::testing::AssertionResult gradients_match(const std::function<double()>& f,
                                                  std::span<double> inputs,
                                                  std::span<const double> analytic,
                                                  const GradientCheckOptions& options = {}) {
  if (inputs.size() != analytic.size()) {
    return ::testing::AssertionFailure()
           << "gradient has " << analytic.size() << " elements for " << inputs.size() << " inputs";
  }
  const double value = f();
  if (!std::isfinite(value)) return ::testing::AssertionFailure() << "f() is " << value;
  const double floor = options.atol * std::max(1.0, std::abs(value));

  std::size_t failures = 0, worst = 0;
  double worst_excess = 0, worst_numeric = 0, worst_step = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    double excess = std::numeric_limits<double>::infinity(), numeric = 0, best_step = 0;
    for (const double relative : options.steps) {
      const double step = relative * std::max(1.0, std::abs(inputs[i]));
      const double candidate = numeric_derivative(f, inputs[i], step);
      const double tolerance =
          options.rtol * std::max(std::abs(candidate), std::abs(analytic[i])) + floor;
      const double ratio = std::abs(candidate - analytic[i]) / tolerance;
      // A NaN ratio is never the best, so that a NaN gradient fails.
      if (ratio < excess || best_step == 0) numeric = candidate, best_step = step;
      if (ratio < excess) excess = ratio;
      if (excess <= 1) break;
    }
    if (excess <= 1) continue;
    ++failures;
    if (excess > worst_excess) {
      worst = i, worst_excess = excess, worst_numeric = numeric, worst_step = best_step;
    }
  }
  if (failures == 0) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << failures << " of " << inputs.size() << " gradients are wrong; worst at [" << worst
         << "]: input " << inputs[worst] << ", analytic " << analytic[worst] << ", numeric "
         << worst_numeric << " (step " << worst_step << ", " << worst_excess
         << " times the tolerance)";
}

}  // namespace muxnet::testing
