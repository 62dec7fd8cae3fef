#include "muxnet/evaluation/bootstrap.hpp"

#include <cmath>
#include <limits>
#include <set>

#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;

std::vector<double> binomial(double p, std::size_t n, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> values(n);
  for (double& value : values) value = random.uniform() < p ? 1.0 : 0.0;
  return values;
}

TEST(Bootstrap, interval_has_the_width_of_the_binomial) {
  const std::size_t n = 2000;
  const auto estimate = bootstrap_mean(binomial(0.8, n, 1), InputGroups(n));
  const double half = 1.96 * std::sqrt(estimate.value * (1 - estimate.value) / n);
  EXPECT_NEAR(estimate.interval.low, estimate.value - half, 0.1 * half);
  EXPECT_NEAR(estimate.interval.high, estimate.value + half, 0.1 * half);
}

TEST(Bootstrap, interval_covers_the_truth_about_as_often_as_promised) {
  int covered = 0;
  const int trials = 200;
  for (int trial = 0; trial < trials; ++trial) {
    const auto interval =
        bootstrap_mean(binomial(0.7, 300, 100 + trial), InputGroups(300), {.resamples = 400})
            .interval;
    covered += interval.low <= 0.7 && 0.7 <= interval.high ? 1 : 0;
  }
  // 95 % of 200 is 190 with a standard deviation of 3.
  EXPECT_GE(covered, 178);
  EXPECT_LE(covered, 199);
}

TEST(Bootstrap, resamples_follow_from_the_seed) {
  const auto values = binomial(0.5, 100, 2);
  const auto a = bootstrap_means({values}, InputGroups(100), {.resamples = 50, .seed = 3});
  EXPECT_EQ(a, bootstrap_means({values}, InputGroups(100), {.resamples = 50, .seed = 3}));
  EXPECT_NE(a, bootstrap_means({values}, InputGroups(100), {.resamples = 50, .seed = 4}));
}

TEST(Bootstrap, numbers_computed_apart_stay_paired) {
  const auto a = binomial(0.5, 100, 2), b = binomial(0.6, 100, 3);
  const auto both = bootstrap_means({a, b}, InputGroups(100), {.resamples = 20});
  const auto alone = bootstrap_means({b}, InputGroups(100), {.resamples = 20});
  for (std::size_t r = 0; r < 20; ++r) EXPECT_DOUBLE_EQ(both[2 * r + 1], alone[r]);
}

TEST(Bootstrap, means_are_those_of_drawn_inputs) {
  // Every resample of a column of distinct powers of two is a sum of n of them.
  const auto means = bootstrap_means({{1, 16, 256}}, InputGroups(3), {.resamples = 100});
  for (const double mean : means) {
    const auto sum = static_cast<int>(std::lround(3 * mean));
    EXPECT_NEAR(3 * mean, sum, 1e-9);
    EXPECT_EQ(sum % 16 + sum / 16 % 16 + sum / 256, 3);
  }
}

TEST(Bootstrap, pairing_narrows_a_difference) {
  auto a = binomial(0.7, 1000, 5);
  auto b = a;
  for (std::size_t i = 0; i < 30; ++i) b[i] = 1 - b[i];
  const auto paired = bootstrap_difference(a, b, InputGroups(1000));
  const auto alone = bootstrap_mean(a, InputGroups(1000));
  EXPECT_LT(paired.interval.high - paired.interval.low,
            0.5 * (alone.interval.high - alone.interval.low));
  const auto none = bootstrap_difference(a, a, InputGroups(1000));
  EXPECT_EQ(none.interval.low, 0.0);
  EXPECT_EQ(none.interval.high, 0.0);
}

TEST(Bootstrap, one_replicate_adds_nothing) {
  const auto a = binomial(0.7, 200, 6);
  const InputGroups groups(200);
  const auto alone = bootstrap_mean(a, groups), replicated = bootstrap_replicates({a}, groups);
  EXPECT_EQ(replicated.value, alone.value);
  EXPECT_EQ(replicated.interval.low, alone.interval.low);
  EXPECT_EQ(replicated.interval.high, alone.interval.high);
}

TEST(Bootstrap, replicates_and_inputs_both_widen_the_interval) {
  // Replicates that differ by s and inputs by t: the variance of the mean is s^2 / R + t^2 / n.
  const std::size_t replicates = 8, n = 500;
  Random random(7);
  const auto noise = [&] { return random.uniform() + random.uniform() + random.uniform() - 1.5; };
  std::vector<double> inputs(n);
  for (double& input : inputs) input = noise();  // variance 1 / 4
  std::vector<std::vector<double>> columns;
  double between = 0;
  for (std::size_t r = 0; r < replicates; ++r) {
    const double shift = 0.05 * (r % 2 == 0 ? 1 : -1);
    between += shift * shift / replicates;
    columns.push_back(inputs);
    for (double& value : columns.back()) value += shift;
  }
  const auto interval = bootstrap_replicates(columns, InputGroups(n), {.resamples = 4000}).interval;
  const double expected = 2 * 1.96 * std::sqrt(between / replicates + 0.25 / n);
  EXPECT_NEAR(interval.high - interval.low, expected, 0.1 * expected);
  const auto same = bootstrap_replicates({inputs, inputs, inputs}, InputGroups(n));
  EXPECT_DOUBLE_EQ(same.interval.high, bootstrap_mean(inputs, InputGroups(n)).interval.high);
}

TEST(Bootstrap, percentiles_interpolate) {
  const auto interval = percentile_interval({5, 1, 2, 3, 4}, 0.5);
  EXPECT_DOUBLE_EQ(interval.low, 2);
  EXPECT_DOUBLE_EQ(interval.high, 4);
}

/// Groups of `each` inputs that agree.
std::vector<std::int64_t> names_of(std::size_t groups, std::size_t each) {
  std::vector<std::int64_t> names;
  for (std::size_t i = 0; i < groups * each; ++i) {
    names.push_back(static_cast<std::int64_t>(1000 - i % groups));
  }
  return names;
}

TEST(Bootstrap, a_group_counts_as_one_input) {
  // Ten copies of each input tell no more than one.
  const auto values = binomial(0.7, 150, 8);
  std::vector<double> copied;
  for (int copy = 0; copy < 10; ++copy) copied.insert(copied.end(), values.begin(), values.end());
  const auto alone = bootstrap_mean(values, InputGroups(150));
  const auto grouped = bootstrap_mean(copied, InputGroups(1500, names_of(150, 10)));
  EXPECT_DOUBLE_EQ(grouped.interval.low, alone.interval.low);
  EXPECT_DOUBLE_EQ(grouped.interval.high, alone.interval.high);
  const auto naive = bootstrap_mean(copied, InputGroups(1500));
  EXPECT_LT(naive.interval.high - naive.interval.low,
            0.5 * (alone.interval.high - alone.interval.low));
}

TEST(Bootstrap, groups_of_one_change_no_bit) {
  const auto a = binomial(0.7, 300, 9), b = binomial(0.4, 300, 10);
  const InputGroups each(300), named(300, names_of(300, 1));
  EXPECT_EQ(bootstrap_means({a, b}, each), bootstrap_means({a, b}, named));
}

TEST(Bootstrap, a_mean_over_groups_of_any_size_is_that_of_their_inputs) {
  // A resample draws both groups, or one of them twice: means of 4 inputs, of 1 and of 3.
  const std::vector<std::int64_t> names{7, 2, 2, 2};
  std::set<double> met;
  for (const double mean : bootstrap_means({{1, 0, 0, 0}}, InputGroups(4, names))) met.insert(mean);
  EXPECT_EQ(met, (std::set<double>{0, 0.25, 1}));
}

TEST(Bootstrap, refuses_bad_input) {
  const InputGroups one(1), two(2);
  expect_text(error_of([&] { bootstrap_means({}, InputGroups(0)); }), {"at least one value"});
  expect_text(error_of([&] { bootstrap_means({{}}, InputGroups(0)); }), {"at least one value"});
  expect_text(error_of([&] { bootstrap_means({{1, 2}, {1}}, two); }), {"2 inputs", "received 1"});
  expect_text(error_of([&] { bootstrap_mean({std::nan("")}, one); }), {"finite"});
  expect_text(error_of([&] { bootstrap_mean({1}, one, {.resamples = 0}); }), {"resamples above 0"});
  expect_text(error_of([&] { bootstrap_mean({1}, one, {.level = 1}); }), {"level in (0, 1)"});
  expect_text(error_of([&] { bootstrap_replicates({}, one); }), {"at least one value"});
  expect_text(error_of([&] { over_replicates({}, {}); }), {"at least one", "none"});
  expect_text(error_of([&] { over_replicates({1, 2}, {1, 2, 3}); }), {"rows of 2", "3 numbers"});
  expect_text(error_of([&] { bootstrap_difference({1}, {1, 2}, one); }), {"1 paired values"});
}

}  // namespace
}  // namespace muxnet
