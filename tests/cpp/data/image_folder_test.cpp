#include "muxnet/data/image_folder.hpp"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "data/files.hpp"
#include "muxnet/core/names.hpp"
#include "muxnet/core/parallel.hpp"
#include "muxnet/data/open.hpp"
#include "muxnet/data/split.hpp"

namespace muxnet {
namespace {

namespace fs = std::filesystem;
using testing::expect_error;
using testing::read_bytes;
using testing::TempFolder;
using testing::write_file;

/// One colour, given as red, green, blue.
void write_image(const fs::path& path, cv::Scalar rgb, int width = 8, int height = 8) {
  fs::create_directories(path.parent_path());
  const cv::Mat image(height, width, CV_8UC3, cv::Scalar(rgb[2], rgb[1], rgb[0]));
  ASSERT_TRUE(cv::imwrite(path.string(), image));
}

ImageFormat square(int size) { return {.height = size, .width = size, .interpolation = "area"}; }

ImageFolderOptions limited(std::int64_t max_pixels) {
  ImageFolderOptions options;
  options.limits.max_pixels = max_pixels;
  return options;
}

void write_classes(const fs::path& folder) {
  write_image(folder / "zebra" / "1.png", {255, 0, 10});
  write_image(folder / "ant" / "2.PNG", {1, 2, 3});
  write_image(folder / "ant" / "1.jpeg", {200, 200, 200});
  write_file(folder / "ant" / "notes.txt", "not an image");
  write_file(folder / "labels.tsv", "not a class");
  write_file(folder / ".cache" / "x.png", "hidden");
}

std::uint8_t pixel(const Dataset& data, std::int64_t row, std::int64_t channel) {
  const std::int64_t plane = data.images.dim(2) * data.images.dim(3);
  return data.images.data<std::uint8_t>()[(row * data.images.dim(1) + channel) * plane];
}

TEST(ImageFolder, ClassesAndFilesComeSortedInRgb) {
  const TempFolder folder;
  write_classes(folder.path());
  const Dataset data = load_image_folder(folder.path(), {square(4), false, {}, nullptr}).train;
  data.validate();
  EXPECT_EQ(data.class_names, (std::vector<std::string>{"ant", "zebra"}));
  EXPECT_EQ(data.images.shape(), (Shape{3, 3, 4, 4}));
  EXPECT_NEAR(pixel(data, 0, 0), 200, 1);
  for (int channel = 0; channel < 3; ++channel) EXPECT_EQ(pixel(data, 1, channel), channel + 1);
  EXPECT_EQ(pixel(data, 2, 0), 255);
  EXPECT_EQ(pixel(data, 2, 2), 10);
  EXPECT_EQ(data.labels.data<std::int32_t>()[2], 1);
}

TEST(ImageFolder, GreyHasOneChannel) {
  const TempFolder folder;
  write_classes(folder.path());
  ImageFolderOptions options{square(5), false, {}, nullptr};
  options.format.channels = 1;
  const Dataset data = load_image_folder(folder.path(), options).train;
  EXPECT_EQ(data.images.shape(), (Shape{3, 1, 5, 5}));
  EXPECT_NEAR(pixel(data, 2, 0), 0.299 * 255 + 0.114 * 10, 1);
}

TEST(ImageFolder, CutsTheCentralSquare) {
  const TempFolder folder;
  cv::Mat wide(4, 12, CV_8UC3, cv::Scalar(0, 0, 0));
  wide.colRange(4, 8).setTo(cv::Scalar(9, 9, 9));
  fs::create_directories(folder / "a");
  ASSERT_TRUE(cv::imwrite((folder / "a" / "wide.png").string(), wide));
  cv::Mat tall = wide.t();
  ASSERT_TRUE(cv::imwrite((folder / "a" / "tall.png").string(), tall));
  const Dataset data = load_image_folder(folder.path(), {square(4), false, {}, nullptr}).train;
  for (const auto value : data.images.span<std::uint8_t>()) ASSERT_EQ(value, 9);
}

TEST(ImageFolder, TheSameWhateverTheThreads) {
  const TempFolder folder;
  for (int i = 0; i < 20; ++i) {
    write_image(folder / text("class", i % 3) / text(i, ".jpg"), {i * 10.0, 50, 0}, 20 + i, 30);
  }
  set_threads(1);
  const Dataset one = load_image_folder(folder.path(), {square(7), false, {}, nullptr}).train;
  set_threads(4);
  const Dataset four = load_image_folder(folder.path(), {square(7), false, {}, nullptr}).train;
  set_threads(0);
  EXPECT_TRUE(
      std::ranges::equal(one.images.span<std::uint8_t>(), four.images.span<std::uint8_t>()));
}

TEST(ImageFolder, RecognisesParts) {
  for (const auto& [first, second] : std::vector<std::pair<std::string, std::string>>{
           {"train", "test"}, {"train", "val"}, {"Training", "Testing"}, {"TRAIN", "Validation"}}) {
    const TempFolder folder;
    write_classes(folder / first);
    write_classes(folder / second);
    const auto data =
        open_dataset("images:" + folder.path().string(), {square(4), false, {}, nullptr});
    EXPECT_EQ(data.train.size(), 3);
    EXPECT_EQ(data.test.size(), 3);
    EXPECT_TRUE(data.held_out.empty());
    write_image(folder / second / "mole" / "1.png", {0, 0, 0});
    expect_error<FileError>([&] { list_image_folder(folder.path()); },
                            {second, "the 2 classes of the training part", "mole"});
  }
  const TempFolder folder;
  write_classes(folder.path());
  EXPECT_TRUE(load_image_folder(folder.path()).test.empty());
}

TEST(ImageFolder, AValidationPartBesideATestPartIsHeldOut) {
  const TempFolder folder;
  for (const std::string part : {"train", "valid", "test"}) write_classes(folder / part);
  const DatasetParts parts = load_image_folder(folder.path(), {square(4), false, {}, nullptr});
  EXPECT_EQ(parts.held_out.size(), 3);
  const Splits splits = make_splits(parts);
  EXPECT_EQ(splits.train.size(), 3);
  EXPECT_EQ(splits.held_out.size(), 3);
}

TEST(ImageFolder, PartsThatAreNoneAreLeftOut) {
  const TempFolder folder;
  write_classes(folder / "train");
  write_classes(folder / "val");
  write_image(folder / "test" / "1.png", {0, 0, 0});
  write_image(folder / "more" / "1.png", {0, 0, 0});
  write_image(folder / "__MACOSX" / "a" / "1.png", {0, 0, 0});
  fs::remove_all(folder / "val" / "zebra");
  const ImageFolder found = list_image_folder(folder.path());
  EXPECT_EQ(found.class_names, (std::vector<std::string>{"ant", "zebra"}));
  EXPECT_EQ(found.test.labels, (std::vector<std::int32_t>{0, 0}));
  EXPECT_TRUE(found.held_out.files.empty());
  const std::string told = joined(found.left_out);
  for (const std::string part : {"test: no sub-folder of images per class", "more: no part",
                                 "1 files that are no images (.txt)"}) {
    EXPECT_TRUE(testing::contains(told, part));
  }
  // Only such parts, and none of them has classes.
  const TempFolder flat;
  write_image(flat / "train" / "1.png", {0, 0, 0});
  write_image(flat / "test" / "1.png", {0, 0, 0});
  expect_error<FileError>([&] { list_image_folder(flat.path()); },
                          {"train (training, trn)", "val (valid, validation, dev)", "without any"});
}

TEST(ImageFolder, PartsHaveNamesAsPeopleGiveThem) {
  for (const auto& [first, second] : std::vector<std::pair<std::string, std::string>>{
           {"training_set", "test_set"},
           {"trn", "tst"},
           {"train2017", "val2017"},
           {"Train Data", "dev"},
           {"seg_train/seg_train", "seg_test/seg_test"}}) {
    const TempFolder folder;
    write_classes(folder / first);
    write_classes(folder / second);
    const ImageFolder found = list_image_folder(folder.path());
    EXPECT_EQ(found.class_names, (std::vector<std::string>{"ant", "zebra"})) << first;
    EXPECT_EQ(found.train.files.size(), 3U) << first;
    EXPECT_EQ(found.test.files.size(), 3U) << first;
  }
  for (const std::string flat : {"unlabeled", "test1"}) {
    const TempFolder folder;
    write_classes(folder / "train");
    write_image(folder / flat / "1.png", {0, 0, 0});
    const ImageFolder found = list_image_folder(folder.path());
    EXPECT_EQ(found.class_names, (std::vector<std::string>{"ant", "zebra"}));
    EXPECT_TRUE(testing::contains(joined(found.left_out), flat + ": no "));
  }
}

TEST(ImageFolder, PartsOfOtherNamesAreNotTakenForClasses) {
  const TempFolder folds;
  for (const std::string part : {"fold1", "fold2", "fold3"}) write_classes(folds / part);
  expect_error<FileError>([&] { list_image_folder(folds.path()); },
                          {"val (valid,", "fold1 and others, in each of which are ant, zebra (if"});
  const TempFolder beside;
  write_classes(beside.path());
  write_classes(beside / "val");
  expect_error<FileError>([&] { list_image_folder(beside.path()); },
                          {"val, which has such, beside ant and others"});
}

TEST(ImageFolder, APartByItsUsualNameGoesFirst) {
  const TempFolder folder;
  for (const std::string part : {"train", "val", "dev", "test", "test2"}) {
    write_classes(folder / part);
  }
  const ImageFolder found = list_image_folder(folder.path());
  EXPECT_EQ(found.held_out.files.size(), 3U);
  const std::string told = joined(found.left_out);
  EXPECT_TRUE(testing::contains(told, "dev: no part"));
  EXPECT_TRUE(testing::contains(told, "test2: no part"));
}

TEST(ImageFolder, ClassesMayBeCalledLikeParts) {
  const TempFolder folder;
  for (const std::string name : {"dev0", "dev1", "test set"}) {
    write_image(folder / name / "1.png", {0, 0, 0});
  }
  EXPECT_EQ(list_image_folder(folder.path()).class_names,
            (std::vector<std::string>{"dev0", "dev1", "test set"}));
  const TempFolder vehicles;
  for (const std::string name : {"bus", "car", "train/freight", "train/passenger"}) {
    write_image(vehicles / name / "1.png", {0, 0, 0});
  }
  expect_error<FileError>([&] { list_image_folder(vehicles.path()); },
                          {"train, which has such, beside bus and others"});
}

TEST(ImageFolder, NumberedClassesCountAsNumbers) {
  const TempFolder folder;
  for (const std::string name : {"10", "9", "a", "02", "100", "0"}) {
    write_image(folder / name / "1.png", {0, 0, 0});
  }
  EXPECT_EQ(list_image_folder(folder.path()).class_names,
            (std::vector<std::string>{"0", "02", "9", "10", "100", "a"}));
}

TEST(ImageFolder, WhatIsNoClassIsNotTakenForOne) {
  const TempFolder detection;
  for (const std::string part : {"train", "valid"}) {
    write_image(detection / part / "images" / "1.png", {0, 0, 0});
    write_file(detection / part / "labels" / "1.txt", "0 0.5 0.5 1 1");
  }
  expect_error<FileError>([&] { list_image_folder(detection.path()); },
                          {"one sub-folder of images per class", "train without any"});
  const TempFolder wrapped;
  write_classes(wrapped / "data" / "train");
  write_classes(wrapped / "data" / "val");
  expect_error<FileError>([&] { list_image_folder(wrapped.path()); },
                          {"data alone, with 2 folders", (wrapped / "data").string()});
}

TEST(ImageFolder, AClassMayBeCalledTrain) {
  const TempFolder folder;
  for (const std::string name : {"car", "train", "plane"}) {
    write_image(folder / name / "images" / "1.png", {0, 0, 0});
  }
  EXPECT_EQ(list_image_folder(folder.path()).class_names,
            (std::vector<std::string>{"car", "plane", "train"}));
}

TEST(ImageFolder, ImagesLieInFoldersBelowToo) {
  const TempFolder folder;
  for (const std::string name : {"2.webp", "1.BMP", "deep/er/3.tif", "deep/4.JFIF.jpg"}) {
    write_image(folder / "a" / name, {1, 2, 3});
  }
  fs::create_directory_symlink(folder / "a", folder / "a" / "deep" / "round");
  write_image(folder / "b" / "1.png", {0, 0, 0});
  const ImageFolder found = list_image_folder(folder.path());
  std::vector<std::string> names;
  for (const auto& file : found.train.files) names.push_back(fs::path(file).filename().string());
  EXPECT_EQ(names, (std::vector<std::string>{"1.BMP", "2.webp", "4.JFIF.jpg", "3.tif", "1.png"}));
  EXPECT_EQ(load_image_folder(folder.path(), {square(4), false, {}, nullptr}).train.size(), 5);
}

TEST(ImageFolder, AnUnreadableImageIsNamedOrSkipped) {
  const TempFolder folder;
  write_classes(folder.path());
  const auto bad = folder / "ant" / "3.png";
  const auto refused = [&](const std::string& bytes, const std::string& reason) {
    write_file(bad, bytes);
    expect_error<FileError>(
        [&] {
          load_image_folder(folder.path(), {square(4), false, {}, nullptr});
        },
        {bad.string(), "image", reason});
    std::vector<std::string> left_out;
    const Dataset data = load_image_folder(folder.path(), {square(4), true, {}, &left_out}).train;
    EXPECT_EQ(data.source_index, (std::vector<std::int64_t>{0, 1, 3}));
    ASSERT_EQ(left_out.size(), 2U);
    EXPECT_TRUE(testing::contains(left_out[0], "1 files that are no images (.txt)"));
    EXPECT_TRUE(testing::contains(left_out[1], bad.string()));
  };
  const std::string png = read_bytes(folder / "zebra" / "1.png");
  const std::string jpeg = read_bytes(folder / "ant" / "1.jpeg");
  refused("", "an empty file");
  refused("%PDF", "another kind of file");
  for (const std::size_t cut : {std::size_t{1}, png.size() / 2, png.size() - 9}) {
    refused(png.substr(0, png.size() - cut), "a truncated PNG");
  }
  for (const std::size_t cut : {std::size_t{1}, std::size_t{40}, jpeg.size() - 3}) {
    refused(jpeg.substr(0, jpeg.size() - cut), "a truncated JPEG");
  }
  write_file(folder / "zebra" / "2.png", "");
  expect_error<FileError>([&] { load_image_folder(folder.path()); },
                          {"2 images cannot be read (--skip-unreadable", "3.png", "2.png"});
  fs::remove(folder / "zebra" / "2.png");
  std::string damaged = png;
  damaged[png.find("IDAT") + 6] ^= 0x55;
  refused(damaged, "a damaged PNG");
  damaged = jpeg;
  damaged[jpeg.find("\xFF\xC0") + 4] = 7;  // bits of a sample, which must be 8
  refused(damaged, "a damaged JPEG: Unsupported JPEG data precision 7");
}

TEST(ImageFolder, RefusesImagesThatWouldFillTheMemory) {
  const TempFolder folder;
  write_image(folder / "a" / "1.png", {0, 0, 0}, 11, 10);
  expect_error<FileError>([&] { load_image_folder(folder.path(), limited(109)); },
                          {"1.png", "at most 109 pixels", "11 x 10"});
  EXPECT_NO_THROW(load_image_folder(folder.path(), limited(110)));
  // 65,500 pixels each way, says the frame header of a small file.
  write_image(folder / "a" / "2.jpg", {0, 0, 0});
  std::string bomb = read_bytes(folder / "a" / "2.jpg");
  bomb.replace(bomb.find("\xFF\xC0") + 5, 4, "\xFF\xDC\xFF\xDC");
  write_file(folder / "a" / "2.jpg", bomb);
  expect_error<FileError>([&] { load_image_folder(folder.path()); },
                          {"2.jpg", "at most 64000000 pixels", "65500 x 65500"});
}

TEST(ImageFolder, RefusesFoldersWithoutClassesOrImages) {
  const TempFolder folder;
  expect_error<FileError>([&] { load_image_folder(folder.path()); },
                          {folder.path().string(), "one sub-folder of images per class", "none"});
  write_image(folder / "a" / "1.png", {0, 0, 0});
  fs::create_directories(folder / "b");
  const ImageFolder found = list_image_folder(folder.path());
  EXPECT_EQ(found.class_names, (std::vector<std::string>{"a", "b"}));  // b keeps its number
  EXPECT_EQ(found.left_out, std::vector<std::string>{(folder / "b").string() + ": no images"});
  expect_error<FileError>([&] { load_image_folder(folder / "no"); }, {"no]", "a readable folder"});
  const TempFolder broken;
  write_file(broken / "a" / "1.png", "x");
  expect_error<FileError>(
      [&] {
        load_image_folder(broken.path(), {square(4), true, {}, nullptr});
      },
      {broken.path().string(), "readable images", "none"});
}

}  // namespace
}  // namespace muxnet
