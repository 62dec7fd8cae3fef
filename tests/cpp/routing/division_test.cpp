#include "muxnet/routing/division.hpp"

#include <algorithm>
#include <numeric>

#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::random_table;

std::vector<std::int64_t> rows_of(const OutcomeTable& table) {
  const auto indices = table.fields().indices.span<std::int64_t>();
  return {indices.begin(), indices.end()};
}

TEST(Division, PartsHoldEveryInputOnce) {
  const auto parts = divide(random_table(1), 0.25, 7);
  EXPECT_EQ(parts.held_out.size(), 100);
  EXPECT_EQ(parts.held_out.fields().split, "held_out");
  EXPECT_EQ(parts.test.fields().split, "test");
  EXPECT_FALSE(parts.held_out.identity()->overlaps(*parts.test.identity()));
  auto all = rows_of(parts.held_out);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  const auto others = rows_of(parts.test);
  EXPECT_TRUE(std::is_sorted(others.begin(), others.end()));
  all.insert(all.end(), others.begin(), others.end());
  std::sort(all.begin(), all.end());
  std::vector<std::int64_t> expected(400);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(all, expected);
}

TEST(Division, BelongsToItsSeed) {
  const auto table = random_table(1);
  EXPECT_EQ(rows_of(divide(table, 0.5, 7).test), rows_of(divide(table, 0.5, 7).test));
  EXPECT_NE(rows_of(divide(table, 0.5, 7).test), rows_of(divide(table, 0.5, 8).test));
}

TEST(Division, RefusesAnEmptyPart) {
  const auto table = random_table(1);
  for (const double share : {0.0, 1.0, 0.001, -1.0}) {
    expect_text(error_of([&] { divide(table, share); }), {"two parts of 400 inputs"});
  }
}

TEST(Shuffle, KeepsEveryInputInAnotherOrder) {
  const auto table = random_table(1);
  const auto shuffled = shuffle(table, 5);
  auto rows = rows_of(shuffled);
  EXPECT_FALSE(std::is_sorted(rows.begin(), rows.end()));
  EXPECT_EQ(shuffled.labels()[0], table.labels()[static_cast<std::size_t>(rows[0])]);
  EXPECT_EQ(shuffled.fields().split, table.fields().split);
  EXPECT_NE(rows, rows_of(shuffle(table, 6)));
  std::sort(rows.begin(), rows.end());
  EXPECT_EQ(rows.front(), 0);
  EXPECT_EQ(rows.back(), 399);
  EXPECT_EQ(std::adjacent_find(rows.begin(), rows.end()), rows.end());
}

TEST(Division, FoldsAreOfOneSizeAndTheSameForTheSameSeed) {
  const auto places = draw_folds(23, 5, 3);
  std::vector<int> sizes(5);
  for (const auto place : places) ++sizes.at(static_cast<std::size_t>(place));
  std::sort(sizes.begin(), sizes.end());
  EXPECT_EQ(sizes, (std::vector<int>{4, 4, 5, 5, 5}));
  EXPECT_EQ(draw_folds(23, 5, 3), places);
  EXPECT_NE(draw_folds(23, 5, 4), places);
  EXPECT_THROW(draw_folds(23, 1), std::invalid_argument);
  EXPECT_THROW(draw_folds(3, 4), std::invalid_argument);
}

}  // namespace
}  // namespace muxnet
