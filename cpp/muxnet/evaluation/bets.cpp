#include "muxnet/evaluation/bets.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr double most_staked = 0.75;  // of what could be lost at once: never all

/// Mean and variance of values so far, which the next stake follows from.
class Seen {
 public:
  /// Two values about what is expected keep the first stakes small.
  explicit Seen(double expected) : sum_(2 * expected), squares_(2 * expected * (1 - expected)) {}

  void add(double x) {
    require(x >= 0 && x <= 1, "mean_p_value", "values in [0, 1]", text(x));
    count_ += 1;
    sum_ += x;
    const double off = x - sum_ / count_;
    squares_ += off * off;
  }

  double stake(double bound) const {
    const double variance = squares_ / count_;
    const double edge = sum_ / count_ - bound;
    return std::clamp(edge / (variance + edge * edge), 0.0, most_staked / bound);
  }

 private:
  double count_ = 2, sum_, squares_;
};

}  // namespace

double mean_p_value(std::span<const double> values, double bound, double expected,
                    std::span<const double> before) {
  require(bound > 0 && bound < 1, "mean_p_value", "a bound in (0, 1)", text(bound));
  Seen seen(expected);
  for (const double x : before) seen.add(x);
  double wealth = 0, highest = 0;
  for (const double x : values) {
    wealth += std::log1p(seen.stake(bound) * (x - bound));
    highest = std::max(highest, wealth);
    seen.add(x);
  }
  return std::exp(-highest);
}

/// Bets grow by about gap^2 / (2 variance) a value: so many until they reach 1 / delta.
std::int64_t values_needed(std::span<const double> values, double bound, double delta) {
  if (values.empty()) return 0;
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  const double gap = mean - bound;
  if (gap <= 0) return 0;
  double variance = 0;
  for (const double value : values) variance += (value - mean) * (value - mean) / n;
  variance += gap * gap;
  return static_cast<std::int64_t>(std::ceil(2 * variance * std::log(1 / delta) / (gap * gap)));
}

std::vector<double> group_values(std::span<const double> values, const InputGroups& groups,
                                 double bound) {
  auto result = groups.sums(values);
  const auto sizes = groups.sizes();
  const auto largest = static_cast<double>(*std::max_element(sizes.begin(), sizes.end()));
  for (std::size_t group = 0; group < result.size(); ++group) {
    const auto size = static_cast<double>(sizes[group]);
    const double weight = size / largest;
    result[group] = weight * (result[group] / size) + (1 - weight) * bound;
  }
  return result;
}

}  // namespace muxnet
