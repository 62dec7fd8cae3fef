#include "muxnet/core/probabilities.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr double least_rounding = 1e-2, most_rounding = 5e-2;
constexpr double half_of_two_decimals = 5e-3;
constexpr double float_rounding = 1e-6;  // of decimals in binary, so that 0.99 is not below itself

double rounding_of_sum(std::size_t classes) {
  const double rounded = half_of_two_decimals * static_cast<double>(classes);
  return std::clamp(rounded, least_rounding, most_rounding);
}

float clipped(float value) { return std::clamp(value, 0.0F, 1.0F); }

}  // namespace

bool nearly_in_unit(float value) {
  return std::abs(static_cast<double>(value) - 0.5) <= 0.5 + least_rounding + float_rounding;
}

std::optional<ProbabilityFault> fault_of(std::span<const float> row, bool all) {
  double sum = 0;
  for (std::size_t k = 0; k < row.size(); ++k) {
    if (!nearly_in_unit(row[k])) {
      const auto place = all ? text(" of class ", k) : std::string();
      return ProbabilityFault{"probabilities in [0, 1]", exact(row[k]) + place};
    }
    sum += static_cast<double>(clipped(row[k]));
  }
  const double rounding = rounding_of_sum(row.size());
  const double off = all ? std::abs(sum - 1) : sum - 1;
  if (off <= rounding + float_rounding) return std::nullopt;
  return ProbabilityFault{
      text("probabilities that sum to ", all ? "1" : "1 at most", " within ", rounding),
      "a sum of " + exact(static_cast<float>(sum))};
}

void clip_probabilities(Tensor& values) {
  const auto given = values.span<float>();
  const auto outside = [](float value) { return value < 0.0F || value > 1.0F; };
  if (std::none_of(given.begin(), given.end(), outside)) return;
  values = values.clone();
  for (float& value : values.span<float>()) value = clipped(value);
}

std::string exact(float value) {
  std::array<char, 32> digits;
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

bool can_be_scores(const Shape& shape, std::int64_t classes) {
  if (shape.empty()) return false;
  const std::size_t first = shape.size() == 1 ? 0 : 1;
  if (first == 0 && shape.front() < 2) return false;
  std::int64_t width = 1;
  int free = 0, long_axes = 0;
  for (std::size_t axis = first; axis < shape.size(); ++axis) {
    free += shape[axis] < 1 ? 1 : 0;
    long_axes += shape[axis] > 1 ? 1 : 0;
    width = std::max(width, shape[axis]);
  }
  if (long_axes > 1) return false;
  if (long_axes == 1) return classes == 0 || width == classes;
  return free > 0;
}

bool can_be_single(const Shape& shape, std::int64_t classes) {
  const bool two = classes == 0 || classes == 2;
  return two && (shape.size() == 1 || (shape.size() == 2 && shape.back() == 1));
}

}  // namespace muxnet
