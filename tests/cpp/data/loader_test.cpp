#include "muxnet/data/loader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <numeric>
#include <set>

#include "data/files.hpp"
#include "muxnet/core/parallel.hpp"

namespace muxnet {
namespace {

using testing::expect_error;

Dataset dataset(std::int64_t rows, Shape image = {2, 6, 6}, DType dtype = DType::u8) {
  image.insert(image.begin(), rows);
  Tensor images(image, dtype);
  Tensor labels({rows}, DType::i32);
  const auto stride = images.size() / rows;
  for (std::int64_t i = 0; i < images.size(); ++i) {
    const auto value = (i / stride * 31 + i) % 256;
    if (dtype == DType::u8) {
      images.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(value);
    } else {
      images.data<float>()[i] = static_cast<float>(value);
    }
  }
  for (std::int64_t row = 0; row < rows; ++row) {
    labels.data<std::int32_t>()[row] = static_cast<std::int32_t>(row % 3);
  }
  return make_dataset("l", images, labels, {"a", "b", "c"});
}

const Normalization plain{{0.5f, 0.5f}, {0.25f, 0.25f}};
const Augmentation everything{.crop_padding = 2, .horizontal_flip = true, .erase_size = 2};

Batch copy(const Batch& batch) {
  return {batch.images.clone(), batch.labels.clone(), batch.indices};
}

std::vector<Batch> epoch(Loader& loader, std::int64_t number, std::int64_t first = 0) {
  std::vector<Batch> batches;
  Batch batch;
  loader.start_epoch(number, first);
  while (loader.next(batch)) batches.push_back(copy(batch));
  return batches;
}

void expect_same(const std::vector<Batch>& a, const std::vector<Batch>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].indices, b[i].indices);
    EXPECT_EQ(a[i].images.shape(), b[i].images.shape());
    EXPECT_TRUE(std::ranges::equal(a[i].images.span<float>(), b[i].images.span<float>()));
    EXPECT_TRUE(
        std::ranges::equal(a[i].labels.span<std::int32_t>(), b[i].labels.span<std::int32_t>()));
  }
}

std::vector<std::int64_t> all_indices(const std::vector<Batch>& batches) {
  std::vector<std::int64_t> all;
  for (const auto& batch : batches) {
    all.insert(all.end(), batch.indices.begin(), batch.indices.end());
  }
  return all;
}

class LoaderThreads : public ::testing::Test {
 protected:
  void TearDown() override { set_threads(0); }
};

TEST(Loader, AnEpochHoldsEveryImageOnceWithItsLabel) {
  const Dataset data = dataset(50);
  Loader loader(data, plain, {.batch_size = 8, .seed = 3});
  EXPECT_EQ(loader.batches_per_epoch(), 7);
  EXPECT_EQ(loader.image_shape(), (Shape{2, 6, 6}));
  const auto batches = epoch(loader, 0);
  ASSERT_EQ(batches.size(), 7u);
  EXPECT_EQ(batches.back().images.shape(), (Shape{2, 2, 6, 6}));
  auto indices = all_indices(batches);
  EXPECT_FALSE(std::is_sorted(indices.begin(), indices.end()));
  const Tensor expected = normalize(data.images, plain);
  for (const auto& batch : batches) {
    for (std::size_t i = 0; i < batch.indices.size(); ++i) {
      const auto row = batch.indices[i];
      EXPECT_EQ(batch.labels.data<std::int32_t>()[i], row % 3);
      EXPECT_TRUE(std::equal(expected.data<float>() + row * 72,
                             expected.data<float>() + (row + 1) * 72,
                             batch.images.data<float>() + i * 72));
    }
  }
  std::sort(indices.begin(), indices.end());
  std::vector<std::int64_t> wanted(50);
  std::iota(wanted.begin(), wanted.end(), 0);
  EXPECT_EQ(indices, wanted);
}

TEST(Loader, WithoutShuffleInOrderAndDropLastLeavesTheRestOut) {
  Loader loader(dataset(50), plain, {.batch_size = 8, .shuffle = false, .drop_last = true});
  EXPECT_EQ(loader.batches_per_epoch(), 6);
  const auto indices = all_indices(epoch(loader, 0));
  EXPECT_EQ(indices.size(), 48u);
  EXPECT_TRUE(std::is_sorted(indices.begin(), indices.end()));
}

TEST(Loader, MirrorsEachImageInEveryOtherEpochHalfOfThemAtATime) {
  const Dataset data = dataset(400);
  Loader loader(data, plain,
                {.batch_size = 400, .augmentation = {.horizontal_flip = true}, .seed = 3});
  const Tensor upright = normalize(data.images, plain);
  const auto mirrored_rows = [&](std::int64_t number) {
    std::set<std::int64_t> rows;
    const Batch batch = epoch(loader, number).front();
    for (std::size_t i = 0; i < batch.indices.size(); ++i) {
      const float* image = batch.images.data<float>() + i * 72;
      const float* source = upright.data<float>() + batch.indices[i] * 72;
      if (std::equal(image, image + 72, source)) continue;
      EXPECT_TRUE(std::equal(image, image + 6, std::reverse_iterator(source + 6)));
      rows.insert(batch.indices[i]);
    }
    return rows;
  };
  const auto first = mirrored_rows(0);
  EXPECT_NEAR(static_cast<double>(first.size()), 200, 40);
  EXPECT_EQ(first, mirrored_rows(2));
  std::set<std::int64_t> others;
  for (std::int64_t row = 0; row < 400; ++row) {
    if (!first.contains(row)) others.insert(row);
  }
  EXPECT_EQ(others, mirrored_rows(1));
}

TEST(Loader, EpochsAndSeedsDifferAndRepeat) {
  const LoaderOptions options{.batch_size = 8, .augmentation = everything, .seed = 3};
  Loader loader(dataset(50), plain, options);
  const auto first = epoch(loader, 0);
  EXPECT_NE(all_indices(first), all_indices(epoch(loader, 1)));
  expect_same(first, epoch(loader, 0));
  auto other = options;
  other.seed = 4;
  Loader reseeded(dataset(50), plain, other);
  EXPECT_NE(all_indices(first), all_indices(epoch(reseeded, 0)));
}

TEST(Loader, AugmentationDiffersBetweenEpochs) {
  Loader loader(dataset(20), plain,
                {.batch_size = 20, .shuffle = false, .augmentation = everything});
  const auto a = epoch(loader, 0);
  const auto b = epoch(loader, 1);
  EXPECT_EQ(a[0].indices, b[0].indices);
  EXPECT_FALSE(std::ranges::equal(a[0].images.span<float>(), b[0].images.span<float>()));
}

TEST_F(LoaderThreads, BatchesDoNotDependOnThreadsOrPrefetch) {
  // Larger than one task's share, so that batches are divided.
  const Dataset data = dataset(60, {2, 64, 64});
  std::vector<std::vector<Batch>> runs;
  for (const auto& [threads, prefetch] : {std::pair{1, 1}, {1, 3}, {4, 1}, {4, 5}}) {
    set_threads(threads);
    Loader loader(data, plain,
                  {.batch_size = 30, .augmentation = everything, .seed = 9, .prefetch = prefetch});
    runs.push_back(epoch(loader, 2));
  }
  for (const auto& run : runs) expect_same(runs[0], run);
}

TEST(Loader, ResumesInTheMiddleOfAnEpoch) {
  const LoaderOptions options{.batch_size = 7, .augmentation = everything, .seed = 5};
  Loader loader(dataset(50), plain, options);
  const auto whole = epoch(loader, 4);
  for (std::int64_t first = 0; first <= loader.batches_per_epoch(); ++first) {
    Loader fresh(dataset(50), plain, options);
    expect_same({whole.begin() + first, whole.end()}, epoch(fresh, 4, first));
  }
}

TEST(Loader, ANewEpochDropsTheOneUnderWay) {
  Loader loader(dataset(50), plain, {.batch_size = 4, .seed = 5});
  const auto wanted = epoch(loader, 1);
  for (int taken = 0; taken < 6; ++taken) {
    Batch batch;
    loader.start_epoch(0);
    for (int i = 0; i < taken; ++i) ASSERT_TRUE(loader.next(batch));
    expect_same(wanted, epoch(loader, 1));
  }
}

TEST(Loader, MemoryIsUsedAgainButNeverWhileHeld) {
  Loader loader(dataset(400), plain, {.batch_size = 4, .prefetch = 2});
  std::set<const void*> addresses;
  Batch batch;
  loader.start_epoch(0);
  while (loader.next(batch)) addresses.insert(batch.images.raw());
  EXPECT_LE(addresses.size(), 3u);

  std::vector<Batch> held;
  std::vector<Batch> copies;
  loader.start_epoch(1);
  while (loader.next(batch)) {
    held.push_back(batch);
    copies.push_back(copy(batch));
  }
  expect_same(held, copies);
}

TEST(Loader, ABatchOutlivesItsLoader) {
  Batch batch;
  {
    Loader loader(dataset(50), plain, {.batch_size = 8, .shuffle = false});
    loader.start_epoch(0);
    ASSERT_TRUE(loader.next(batch));
  }
  EXPECT_FLOAT_EQ(batch.images.data<float>()[1], (1.0f / 255 - 0.5f) / 0.25f);
}

TEST(Loader, MayBeDestroyedAtAnyMoment) {
  for (int taken = 0; taken < 8; ++taken) {
    for (int repeat = 0; repeat < 20; ++repeat) {
      Loader loader(dataset(64, {2, 32, 32}), plain, {.batch_size = 8, .prefetch = 4});
      Batch batch;
      loader.start_epoch(0);
      for (int i = 0; i < taken; ++i) ASSERT_TRUE(loader.next(batch));
    }
  }
}

TEST(Loader, MovesWithItsEpoch) {
  Loader loader(dataset(16), plain, {.batch_size = 8});
  Batch batch;
  loader.start_epoch(0);
  ASSERT_TRUE(loader.next(batch));
  Loader moved(std::move(loader));
  EXPECT_TRUE(moved.next(batch));
  EXPECT_FALSE(moved.next(batch));
}

TEST(Loader, TwoLoadersDoNotDisturbEachOther) {
  Loader a(dataset(50), plain, {.batch_size = 4, .augmentation = everything, .seed = 1});
  Loader b(dataset(70), plain, {.batch_size = 7, .augmentation = everything, .seed = 2});
  const auto alone = epoch(a, 3);
  std::vector<Batch> together;
  Batch batch;
  Batch other;
  a.start_epoch(3);
  b.start_epoch(0);
  while (a.next(batch)) {
    together.push_back(copy(batch));
    b.next(other);
  }
  expect_same(alone, together);
}

TEST(Loader, WhatGoesWrongInAWorkerReachesTheCaller) {
  for (const bool pixel : {true, false}) {
    // The caller's memory is shared and may change after the check at the boundary.
    Dataset data = dataset(40, {2, 6, 6}, DType::f32);
    Loader loader(data, plain, {.batch_size = 8, .shuffle = false, .prefetch = 5});
    if (pixel) {
      data.images.data<float>()[20 * 72] = std::numeric_limits<float>::quiet_NaN();
    } else {
      data.labels.data<std::int32_t>()[20] = 7;
    }
    Batch batch;
    loader.start_epoch(0);
    EXPECT_TRUE(loader.next(batch));
    EXPECT_TRUE(loader.next(batch));
    expect_error<std::invalid_argument>([&] { loader.next(batch); },
                                        {"row 20", pixel ? "NaN" : "received 7"});
    EXPECT_FALSE(loader.next(batch)) << "the epoch is over";
    loader.start_epoch(0, 3);
    EXPECT_TRUE(loader.next(batch));
  }
}

TEST(Loader, RefusesOptionsThatDoNotFit) {
  const auto make = [](const LoaderOptions& options) { Loader(dataset(10), plain, options); };
  using Error = std::invalid_argument;
  expect_error<Error>([&] { make({.batch_size = 0}); }, {"loader, batch_size", "above 0", "0"});
  expect_error<Error>([&] { make({.prefetch = 0}); }, {"loader, prefetch", "1 .. 1024", "0"});
  expect_error<Error>([&] { make({.batch_size = 11, .drop_last = true}); },
                      {"batch_size", "at most the 10 images", "11"});
  expect_error<Error>(
      [] {
        Loader(dataset(10), {{0.0f}, {1.0f}}, {});
      },
      {"normalization", "2 channels", "1 and 1"});
  expect_error<Error>([] { Loader(Dataset{}, plain, {}); }, {"images", "()"});
}

TEST(Loader, RefusesBatchesThatAreNotThere) {
  Loader loader(dataset(10), plain, {.batch_size = 4});
  Batch batch;
  expect_error<std::logic_error>([&] { loader.next(batch); }, {"loader.next", "start_epoch"});
  using Error = std::out_of_range;
  expect_error<Error>([&] { loader.start_epoch(0, 4); }, {"a batch of 0 .. 3", "batch 4"});
  expect_error<Error>([&] { loader.start_epoch(-1); }, {"at least 0", "epoch -1"});
}

}  // namespace
}  // namespace muxnet
