#include "muxnet/data/image_folder.hpp"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "data/files.hpp"
#include "muxnet/core/parallel.hpp"
#include "muxnet/data/open.hpp"

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

ImageFormat square(int size) { return {.height = size, .width = size, .interpolation = "box"}; }

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
  const Dataset data = load_image_folder(folder.path(), {square(4)});
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
  ImageFolderOptions options{square(5)};
  options.format.channels = 1;
  const Dataset data = load_image_folder(folder.path(), options);
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
  const Dataset data = load_image_folder(folder.path(), {square(4)});
  for (const auto value : data.images.span<std::uint8_t>()) ASSERT_EQ(value, 9);
}

TEST(ImageFolder, TheSameWhateverTheThreads) {
  const TempFolder folder;
  for (int i = 0; i < 20; ++i) {
    write_image(folder / text("class", i % 3) / text(i, ".jpg"), {i * 10.0, 50, 0}, 20 + i, 30);
  }
  set_threads(1);
  const Dataset one = load_image_folder(folder.path(), {square(7)});
  set_threads(4);
  const Dataset four = load_image_folder(folder.path(), {square(7)});
  set_threads(0);
  EXPECT_TRUE(
      std::ranges::equal(one.images.span<std::uint8_t>(), four.images.span<std::uint8_t>()));
}

TEST(ImageFolder, RecognisesTrainAndTest) {
  for (const std::string second : {"test", "val"}) {
    const TempFolder folder;
    write_classes(folder / "train");
    write_classes(folder / second);
    const auto data = open_dataset("images:" + folder.path().string(), {square(4)});
    EXPECT_EQ(data.train.size(), 3);
    EXPECT_EQ(data.test.size(), 3);
    write_image(folder / second / "mole" / "1.png", {0, 0, 0});
    expect_error<FileError>([&] { load_image_folders(folder.path()); },
                            {second, "the 2 classes of train", "3 classes"});
  }
  const TempFolder folder;
  write_classes(folder.path());
  EXPECT_TRUE(load_image_folders(folder.path()).test.empty());
}

TEST(ImageFolder, AnUnreadableImageIsNamedOrSkipped) {
  const TempFolder folder;
  write_classes(folder.path());
  const auto bad = folder / "ant" / "3.png";
  const auto refused = [&](const std::string& bytes, const std::string& reason) {
    write_file(bad, bytes);
    expect_error<FileError>([&] { load_image_folder(folder.path(), {square(4)}); },
                            {bad.string(), "image", reason});
    std::vector<std::string> skipped;
    const Dataset data =
        load_image_folder(folder.path(), {.format = square(4), .skip_unreadable = true}, &skipped);
    EXPECT_EQ(data.source_index, (std::vector<std::int64_t>{0, 1, 3}));
    EXPECT_EQ(skipped, std::vector<std::string>{bad.string()});
  };
  const std::string png = read_bytes(folder / "zebra" / "1.png");
  const std::string jpeg = read_bytes(folder / "ant" / "1.jpeg");
  refused("", "an empty file");
  refused("GIF89a", "another kind of file, GIF");
  for (const std::size_t cut : {std::size_t{1}, png.size() / 2, png.size() - 9}) {
    refused(png.substr(0, png.size() - cut), "a truncated PNG");
  }
  for (const std::size_t cut : {std::size_t{1}, std::size_t{40}, jpeg.size() - 3}) {
    refused(jpeg.substr(0, jpeg.size() - cut), "a truncated JPEG");
  }
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
  expect_error<FileError>([&] { load_image_folder(folder.path(), {.limits = {109}}); },
                          {"1.png", "at most 109 pixels", "11 x 10"});
  EXPECT_NO_THROW(load_image_folder(folder.path(), {.limits = {110}}));
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
  expect_error<FileError>([&] { load_image_folder(folder.path()); },
                          {(folder / "b").string(), "JPEG or PNG images of this class", "none"});
  expect_error<FileError>([&] { load_image_folder(folder / "no"); }, {"no]", "a readable folder"});
  const TempFolder broken;
  write_file(broken / "a" / "1.png", "x");
  expect_error<FileError>([&] { load_image_folder(broken.path(), {.skip_unreadable = true}); },
                          {broken.path().string(), "readable images", "none"});
}

}  // namespace
}  // namespace muxnet
