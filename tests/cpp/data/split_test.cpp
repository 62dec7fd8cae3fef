#include "muxnet/data/split.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "data/files.hpp"

namespace muxnet {
namespace {

using testing::expect_error;
using Error = std::invalid_argument;

std::vector<std::int32_t> repeated(const std::vector<int>& counts) {
  std::vector<std::int32_t> labels;
  for (std::size_t label = 0; label < counts.size(); ++label) {
    labels.insert(labels.end(), static_cast<std::size_t>(counts[label]),
                  static_cast<std::int32_t>(label));
  }
  return labels;
}

std::int64_t count_of(const std::vector<std::int64_t>& rows,
                      const std::vector<std::int32_t>& labels, std::int32_t label) {
  return std::count_if(rows.begin(), rows.end(),
                       [&](auto row) { return labels[static_cast<std::size_t>(row)] == label; });
}

Dataset dataset(const std::vector<std::int32_t>& labels, int classes, Shape image = {1, 2, 2}) {
  const auto rows = static_cast<std::int64_t>(labels.size());
  image.insert(image.begin(), rows);
  std::vector<std::string> names;
  for (int i = 0; i < classes; ++i) names.push_back(text('c', i));
  return make_dataset("d", Tensor(image, DType::u8), Tensor::from(labels, {rows}), names);
}

TEST(Split, EveryRowIsInExactlyOnePartAndClassesAreDividedExactly) {
  const auto labels = repeated({100, 50, 30});
  const std::vector<double> fractions{0.7, 0.2, 0.1};
  const auto parts = split_stratified(labels, fractions, 5);
  std::set<std::int64_t> seen;
  for (std::size_t part = 0; part < 3; ++part) {
    EXPECT_TRUE(std::is_sorted(parts[part].begin(), parts[part].end()));
    seen.insert(parts[part].begin(), parts[part].end());
    for (const auto& [label, rows] : {std::pair{0, 100}, {1, 50}, {2, 30}}) {
      EXPECT_EQ(count_of(parts[part], labels, label), std::lround(fractions[part] * rows));
    }
  }
  EXPECT_EQ(seen.size(), 180u);
  EXPECT_EQ(parts[0].size() + parts[1].size() + parts[2].size(), 180u);
}

TEST(Split, RoundingIsCarriedOnToTheNextClass) {
  // 2.5 rows of each class: rounding each for itself would give the first part 300 of 500.
  const auto labels = repeated(std::vector<int>(100, 5));
  const auto parts = split_stratified(labels, std::vector{0.5, 0.5}, 1);
  EXPECT_EQ(parts[0].size(), 250u);
  for (std::int32_t label = 0; label < 100; ++label) {
    const auto count = count_of(parts[0], labels, label);
    EXPECT_TRUE(count == 2 || count == 3) << count;
  }
}

TEST(Split, EveryPartHasEveryClass) {
  const auto labels = repeated({100, 3});
  const auto parts = split_stratified(labels, std::vector{0.9, 0.05, 0.05}, 1);
  for (const auto& part : parts) EXPECT_GE(count_of(part, labels, 1), 1);
  EXPECT_EQ(parts[0].size() + parts[1].size() + parts[2].size(), 103u);
}

TEST(Split, DependsOnTheSeedOnly) {
  const auto labels = repeated({40, 60});
  const std::vector<double> half{0.5, 0.5};
  EXPECT_EQ(split_stratified(labels, half, 3), split_stratified(labels, half, 3));
  EXPECT_NE(split_stratified(labels, half, 3), split_stratified(labels, half, 4));
}

TEST(Split, ANoughtFractionIsAnEmptyPart) {
  const auto parts = split_stratified(repeated({7}), std::vector{1.0, 0.0}, 0);
  EXPECT_EQ(parts[0].size(), 7u);
  EXPECT_TRUE(parts[1].empty());
}

TEST(Split, RefusesWhatCannotBeDivided) {
  const std::vector<double> thirds{0.5, 0.25, 0.25};
  expect_error<Error>(
      [&] {
        split_stratified(repeated({9, 2}), thirds, 0);
      },
      {"class 1", "at least 3 samples", "received 2"});
  expect_error<Error>(
      [] {
        split_stratified(repeated({9}), std::vector{0.5, 0.4}, 0);
      },
      {"fractions", "a sum of 1", "0.9"});
  expect_error<Error>(
      [] {
        split_stratified(repeated({9}), std::vector{1.5, -0.5}, 0);
      },
      {"fractions", "0 .. 1", "1.5"});
  expect_error<Error>([] { split_stratified(repeated({9}), std::vector{std::nan("")}, 0); },
                      {"fractions", "nan"});
  expect_error<Error>(
      [] {
        split_stratified(std::vector<std::int32_t>{0, -2}, std::vector{1.0}, 0);
      },
      {"row 1", "at least 0", "-2"});
}

TEST(MakeSplits, KeepsTheTestSetOfTheData) {
  const DatasetParts data{.train = dataset(repeated({50, 50}), 2),
                          .test = dataset(repeated({5, 6}), 2)};
  const auto splits = make_splits(data, {.held_out_fraction = 0.2, .seed = 1});
  EXPECT_EQ(splits.train.size(), 80);
  EXPECT_EQ(splits.held_out.size(), 20);
  EXPECT_EQ(splits.test.size(), 11);
  std::set<std::int64_t> seen(splits.train.source_index.begin(), splits.train.source_index.end());
  for (const auto row : splits.held_out.source_index) EXPECT_FALSE(seen.contains(row));
}

TEST(MakeSplits, CutsATestSetWhereThereIsNone) {
  const auto splits = make_splits(dataset(repeated({50, 50}), 2),
                                  {.held_out_fraction = 0.25, .test_fraction = 0.2});
  EXPECT_EQ(splits.train.size(), 60);
  EXPECT_EQ(splits.held_out.size(), 20);
  EXPECT_EQ(splits.test.size(), 20);
}

TEST(MakeSplits, HeldOutMayBeEmpty) {
  const auto data = dataset(repeated({5, 5}), 2);
  const auto splits =
      make_splits(DatasetParts{.train = data, .test = data}, {.held_out_fraction = 0});
  EXPECT_TRUE(splits.held_out.empty());
  EXPECT_EQ(splits.train.size(), 10);
  EXPECT_TRUE(make_splits(data, {.held_out_fraction = 0}).held_out.empty());
}

TEST(MakeSplits, RefusesDataThatDoesNotFit) {
  const auto two = dataset(repeated({9, 9}), 2);
  expect_error<Error>(
      [&] {
        make_splits({.train = two, .test = dataset(repeated({3, 3, 3}), 3)});
      },
      {"d, test set", "the 2 classes of the training set", "received 3"});
  expect_error<Error>(
      [&] {
        make_splits({.train = two, .test = dataset(repeated({3, 3}), 2, {1, 2, 3})});
      },
      {"d, test set", "(1, 2, 2) u8", "(1, 2, 3) u8"});
  auto renamed = two;
  renamed.class_names[1] = "other";
  expect_error<Error>([&] { make_splits({.train = two, .test = renamed}); },
                      {"test set", "2 of other names"});
  expect_error<Error>(
      [] {
        make_splits(dataset(repeated({9, 9}), 3));
      },
      {"d", "images of all 3 classes", "none of class 2"});
  expect_error<Error>(
      [] {
        make_splits(dataset(repeated({9, 2}), 2));
      },
      {"class 1", "at least 3 samples", "2"});
  expect_error<Error>([&] { make_splits(two, {.held_out_fraction = 1}); },
                      {"held_out_fraction", "below 1", "1"});
  expect_error<Error>([&] { make_splits(two, {.test_fraction = 0}); },
                      {"test_fraction", "no test set of its own", "0"});
}

}  // namespace
}  // namespace muxnet
