#include "muxnet/core/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>
#include <vector>

#include "support/errors.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using Block = std::array<std::uint32_t, 4>;

// Known answers of Philox 4x32-10 from the Random123 library (kat_vectors).
TEST(Philox, GivesTheKnownAnswers) {
  constexpr std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({ones, ones, ones, ones}, {ones, ones}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, CountsBlocksInTheLowWordsAndStreamsInTheHighOnes) {
  const std::uint64_t seed = 0x1111222233334444;
  const std::uint64_t stream = 0x5555666677778888;
  const std::uint64_t block = 0x0123456789abcdef;
  Random random(Random::State{seed, stream, block * 4});
  const Block expected =
      philox({0x89abcdef, 0x01234567, 0x77778888, 0x55556666}, {0x33334444, 0x11112222});
  for (const auto word : expected) EXPECT_EQ(random.next(), word);
  EXPECT_EQ(random.state().position, block * 4 + 4);
}

TEST(Random, GoesOnFromASavedState) {
  for (int drawn = 0; drawn < 9; ++drawn) {
    Random random(7, 3);
    for (int i = 0; i < drawn; ++i) random.next();
    Random resumed(random.state());
    for (int i = 0; i < 9; ++i) ASSERT_EQ(random.next(), resumed.next()) << drawn;
  }
}

TEST(Random, StreamsAndSeedsDiffer) {
  std::set<std::uint32_t> first;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (std::uint64_t stream = 0; stream < 10; ++stream) first.insert(Random(seed, stream).next());
  }
  EXPECT_EQ(first.size(), 100U);
}

TEST(Random, UniformStaysInRangeWithItsMoments) {
  Random random(1);
  constexpr int n = 100'000;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < n; ++i) {
    const double u = random.uniform();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
    squares += u * u;
  }
  // Five standard errors of the mean (1/sqrt(12 n)) and of the second moment (sqrt(4/45 n) / n).
  EXPECT_NEAR(sum / n, 0.5, 5 / std::sqrt(12.0 * n));
  EXPECT_NEAR(squares / n, 1.0 / 3, 5 * std::sqrt(4.0 / 45 / n));
}

TEST(Random, NormalHasItsMoments) {
  Random random(2);
  constexpr int n = 100'000;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < n; ++i) {
    const double z = random.normal();
    ASSERT_TRUE(std::isfinite(z));
    sum += z;
    squares += z * z;
  }
  EXPECT_NEAR(sum / n, 0, 5 / std::sqrt(n));
  EXPECT_NEAR(squares / n, 1, 5 * std::sqrt(2.0 / n));
}

TEST(Random, BelowIsUniform) {
  Random random(3);
  std::array<int, 7> counts{};
  constexpr int n = 70'000;
  for (int i = 0; i < n; ++i) ++counts.at(random.below(counts.size()));
  double chi_squared = 0;
  for (const int count : counts) chi_squared += (count - 1e4) * (count - 1e4) / 1e4;
  EXPECT_LT(chi_squared, 22.5);  // 6 degrees of freedom, p = 0.001
}

TEST(Random, BelowHasNoModuloBiasForHugeBounds) {
  // Of 2^64 words, a plain modulo by 3 * 2^62 would give the lowest third twice as often.
  constexpr std::uint64_t bound = std::uint64_t{3} << 62;
  Random random(4);
  int lowest = 0;
  constexpr int n = 30'000;
  for (int i = 0; i < n; ++i) {
    const auto value = random.below(bound);
    ASSERT_LT(value, bound);
    lowest += value < bound / 3 ? 1 : 0;
  }
  EXPECT_NEAR(lowest, n / 3, 5 * std::sqrt(n * 2.0 / 9));
}

TEST(Random, BelowOfOneIsZeroAndOfZeroAnError) {
  Random random(5);
  EXPECT_EQ(random.below(1), 0U);
  EXPECT_EQ(error_of<std::invalid_argument>([&] { random.below(0); }),
            "[random.below] expected a bound above 0, received 0");
}

TEST(Random, PermutesEveryOrderEquallyOften) {
  Random random(6);
  std::array<int, 6> counts{};
  constexpr int n = 12'000;
  for (int i = 0; i < n; ++i) {
    const auto order = random.permutation(3);
    ++counts.at(static_cast<std::size_t>(order[0] * 2 + (order[1] > order[2] ? 1 : 0)));
  }
  for (const int count : counts) EXPECT_NEAR(count, n / 6, 5 * std::sqrt(n * 5.0 / 36));
}

TEST(Random, PermutationHoldsEveryIndexOnce) {
  auto order = Random(8).permutation(1000);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  for (std::size_t i = 0; i < order.size(); ++i) ASSERT_EQ(order[i], static_cast<std::int64_t>(i));
  EXPECT_TRUE(Random(8).permutation(0).empty());
  EXPECT_EQ(error_of<std::invalid_argument>([] { Random(8).permutation(-2); }),
            "[random.permutation] expected a length of at least 0, received -2");
}

TEST(Mix, KeepsNeighboursApart) {
  std::set<std::uint64_t> names;
  for (std::uint64_t a = 0; a < 50; ++a) {
    for (std::uint64_t b = 0; b < 50; ++b) names.insert(mix(a, b));
  }
  EXPECT_EQ(names.size(), 2500U);
}

}  // namespace
}  // namespace muxnet
