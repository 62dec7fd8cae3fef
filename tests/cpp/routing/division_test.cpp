#include "muxnet/routing/division.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

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
  expect_text(
      error_of([&] { divide(table.subset(std::vector<std::int64_t>{7}), 0.5); }),
      {"at least 2 inputs, not all of one group, for two parts of them", "received 1 inputs"});
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
  const auto places = draw_folds(InputGroups(23), 5, 3);
  std::vector<int> sizes(5);
  for (const auto place : places) ++sizes.at(static_cast<std::size_t>(place));
  std::sort(sizes.begin(), sizes.end());
  EXPECT_EQ(sizes, (std::vector<int>{4, 4, 5, 5, 5}));
  EXPECT_EQ(draw_folds(InputGroups(23), 5, 3), places);
  EXPECT_NE(draw_folds(InputGroups(23), 5, 4), places);
  EXPECT_THROW(draw_folds(InputGroups(23), 1), std::invalid_argument);
  EXPECT_THROW(draw_folds(InputGroups(3), 4), std::invalid_argument);
}

/// Inputs 0 .. 399 in 80 groups, neighbours in different ones.
OutcomeTable grouped_table() {
  OutcomeFields fields = random_table(1).fields();
  std::vector<std::int64_t> groups;
  for (std::int64_t i = 0; i < 400; ++i) groups.push_back(-i * i % 80);
  fields.groups = Tensor::from(groups, {400});
  return OutcomeTable(std::move(fields));
}

std::set<std::int64_t> groups_of(const OutcomeTable& table) {
  const auto groups = table.fields().groups.span<std::int64_t>();
  return {groups.begin(), groups.end()};
}

TEST(Division, NeverDividesAGroup) {
  const auto table = grouped_table();
  const std::size_t count = InputGroups(table).count();
  EXPECT_LT(count, 80);
  for (const std::uint64_t seed : {1, 2, 3}) {
    const auto parts = divide(table, 0.5, seed);
    const auto first = groups_of(parts.held_out), second = groups_of(parts.test);
    EXPECT_EQ(first.size() + second.size(), count);
    EXPECT_EQ(first.size(), std::nearbyint(0.5 * static_cast<double>(count)));
    EXPECT_EQ(parts.held_out.size() + parts.test.size(), 400);
  }
  const auto names = table.fields().groups.span<std::int64_t>();
  const auto places = draw_folds(InputGroups(table), 5);
  std::map<std::int64_t, std::int64_t> fold_of;
  for (std::size_t i = 0; i < places.size(); ++i) {
    EXPECT_EQ(fold_of.emplace(names[i], places[i]).first->second, places[i]);
  }
  expect_text(error_of([&] { divide(table, 0.001); }), {"400 inputs in", "groups"});
}

TEST(Division, GroupsOfOneChangeNothing) {
  OutcomeFields fields = random_table(1).fields();
  std::vector<std::int64_t> groups(400);
  std::iota(groups.rbegin(), groups.rend(), 0);
  fields.groups = Tensor::from(groups, {400});
  const OutcomeTable named(std::move(fields));
  const auto parts = divide(random_table(1), 0.3, 5), same = divide(named, 0.3, 5);
  EXPECT_EQ(rows_of(parts.held_out), rows_of(same.held_out));
  EXPECT_EQ(draw_folds(InputGroups(400), 5), draw_folds(InputGroups(named), 5));
}

TEST(Division, RefusesGroupsOfOtherInputs) {
  const std::vector<std::int64_t> two{1, 2};
  expect_text(error_of([&] { InputGroups(3, two); }), {"each of 3 inputs", "2"});
}

}  // namespace
}  // namespace muxnet
