#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

#include "data/files.hpp"
#include "muxnet/data/loader.hpp"
#include "muxnet/data/open.hpp"
#include "muxnet/data/split.hpp"

namespace muxnet {
namespace {

/// The real data, where MUXNET_TEST_DATA names a folder with fashion-mnist/, cifar10/ and
/// imagenet-sample/images.
class RealData : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("MUXNET_TEST_DATA");
    if (folder == nullptr || *folder == 0) GTEST_SKIP() << "MUXNET_TEST_DATA is not set";
    folder_ = folder;
    if (!std::filesystem::is_directory(folder_)) GTEST_SKIP() << folder_ << " is not a folder";
  }

  std::filesystem::path folder_;
};

void expect_classes_even(const Dataset& data, int each) {
  data.validate();
  std::array<int, 10> counts{};
  for (const auto label : data.labels.span<std::int32_t>()) {
    ++counts.at(static_cast<std::size_t>(label));
  }
  for (const int count : counts) EXPECT_EQ(count, each);
}

TEST_F(RealData, FashionMnist) {
  const auto data = open_dataset("fashion-mnist:" + (folder_ / "fashion-mnist").string());
  expect_classes_even(data.train, 6000);
  expect_classes_even(data.test, 1000);
  EXPECT_EQ(data.train.images.shape(), (Shape{60000, 1, 28, 28}));
  const auto normalization = measure_normalization(data.train);
  // As published with many trainings on this data.
  EXPECT_NEAR(normalization.mean[0], 0.2860, 1e-4);
  EXPECT_NEAR(normalization.deviation[0], 0.3530, 1e-4);
  const auto splits = make_splits(data, {.held_out_fraction = 1.0 / 6});
  expect_classes_even(splits.train, 5000);
  expect_classes_even(splits.held_out, 1000);
}

TEST_F(RealData, Cifar10Archive) {
  const auto path = folder_ / "cifar10" / "cifar-10-binary-jpeg75.tar.gz";
  const auto data = open_dataset("cifar10:" + path.string());
  expect_classes_even(data.train, 5000);
  expect_classes_even(data.test, 1000);
  EXPECT_EQ(data.train.class_names.at(0), "airplane");
  // The first labels of the original data_batch_1: frog, truck, truck, deer.
  EXPECT_EQ(data.train.labels.data<std::int32_t>()[0], 6);
  EXPECT_EQ(data.train.labels.data<std::int32_t>()[1], 9);
  EXPECT_EQ(data.train.labels.data<std::int32_t>()[3], 4);
  const auto normalization = measure_normalization(data.train);
  EXPECT_NEAR(normalization.mean[0], 0.4914, 2e-3);
  EXPECT_NEAR(normalization.deviation[2], 0.2616, 5e-3);
  Loader loader(data.train, normalization,
                {.augmentation = {.crop_padding = 4, .horizontal_flip = true}});
  std::int64_t images = 0;
  Batch batch;
  loader.start_epoch(0);
  while (loader.next(batch)) images += batch.images.dim(0);
  EXPECT_EQ(images, 50000);
}

TEST_F(RealData, Photographs) {
  // The samples lie in one folder, which is one class.
  const auto data = open_dataset("images:" + (folder_ / "imagenet-sample").string());
  data.train.validate();
  EXPECT_EQ(data.train.images.shape(), (Shape{200, 3, 64, 64}));
  const auto normalization = measure_normalization(data.train);
  // ImageNet's usual statistics, from 200 images: red above blue shows the order of the channels.
  EXPECT_NEAR(normalization.mean[0], 0.485, 0.04);
  EXPECT_NEAR(normalization.mean[2], 0.406, 0.04);
  EXPECT_GT(normalization.mean[0], normalization.mean[2]);
}

}  // namespace
}  // namespace muxnet
