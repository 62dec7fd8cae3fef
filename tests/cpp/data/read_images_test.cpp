#include "muxnet/data/read_images.hpp"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "muxnet/core/error.hpp"
#include "support/errors.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;
using testing::expect_error;

/// Two halves, red above green, as PNG.
std::string png(int height, int width) {
  cv::Mat image(height, width, CV_8UC3, cv::Scalar(0, 255, 0));
  image.rowRange(0, height / 2) = cv::Scalar(0, 0, 255);
  std::vector<std::uint8_t> bytes;
  cv::imencode(".png", image, bytes);
  return {bytes.begin(), bytes.end()};
}

ReadImages read(const std::vector<std::string>& contents, const std::vector<ImageFormat>& formats,
                const ImageLimits& limits = {}) {
  return decode_images(contents, formats, limits);
}

/// The one of one image in one format.
Tensor shown(const std::string& content, const ImageFormat& format) {
  const ReadImages found = read({content}, {format});
  EXPECT_EQ(found.errors, std::vector<std::string>{""});
  return found.images.at(0);
}

/// Values of a column of pixels of a channel.
std::vector<int> column(const Tensor& image, int channel, int x) {
  std::vector<int> values;
  for (int y = 0; y < image.dim(2); ++y) {
    values.push_back(image.data<std::uint8_t>()[(channel * image.dim(2) + y) * image.dim(3) + x]);
  }
  return values;
}

TEST(ReadImages, KeepsAnImageOfTheSizeAskedFor) {
  for (const std::string how : {"area", "bilinear", "bicubic", "nearest"}) {
    const ImageFormat format{.height = 4, .width = 4, .interpolation = how};
    const Tensor image = shown(png(4, 4), format);
    EXPECT_EQ(column(image, 0, 3), (std::vector{255, 255, 0, 0})) << how;
    EXPECT_EQ(column(image, 1, 0), (std::vector{0, 0, 255, 255})) << how;
    EXPECT_EQ(column(image, 2, 0), (std::vector{0, 0, 0, 0})) << how;
  }
}

TEST(ReadImages, EveryFormatOfEveryImage) {
  const std::vector<ImageFormat> formats = {
      {.height = 4, .width = 6},
      {.channels = 1, .height = 2, .width = 2, .interpolation = "area"},
      {.height = 8, .width = 8, .fit = "stretch"}};
  const ReadImages found = read({png(8, 12), png(20, 10), png(4, 4)}, formats);
  ASSERT_EQ(found.images.size(), 3U);
  EXPECT_EQ(found.images[0].shape(), (Shape{3, 3, 4, 6}));
  EXPECT_EQ(found.images[1].shape(), (Shape{3, 1, 2, 2}));
  EXPECT_EQ(found.images[2].shape(), (Shape{3, 3, 8, 8}));
  EXPECT_EQ(found.images[1].span<std::uint8_t>()[0], 76);  // 0.299 of 255
}

TEST(ReadImages, CutsTheCentreOutOfWhatWasResized) {
  const Tensor image = shown(png(8, 16), {.height = 2, .width = 2, .resize = 4});
  const std::vector<int> red = column(image, 0, 1), green = column(image, 1, 1);
  EXPECT_GT(red[0], red[1]);
  EXPECT_LT(green[0], green[1]);
  EXPECT_EQ(column(image, 2, 0), (std::vector{0, 0}));
}

TEST(ReadImages, ALetterboxIsPadded) {
  const ImageFormat format{.height = 8, .width = 8, .fit = "letterbox", .padding = 114};
  const std::vector<int> wide = column(shown(png(4, 8), format), 1, 3);
  EXPECT_EQ(wide, (std::vector{114, 114, 0, 0, 255, 255, 114, 114}));
  const Tensor tall = shown(png(16, 2), format);
  EXPECT_EQ(column(tall, 2, 2), std::vector<int>(8, 114));
  EXPECT_EQ(column(tall, 2, 3), std::vector<int>(8, 0));
  // The odd line of padding comes last.
  EXPECT_EQ(
      column(shown(png(8, 8), {.height = 8, .width = 9, .fit = "letterbox", .padding = 9}), 2, 8),
      std::vector<int>(8, 9));
}

TEST(ReadImages, WhatCannotBeReadIsToldAndZero) {
  const std::string whole = png(20, 20);
  const ImageFormat format{.height = 4, .width = 4};
  const ReadImages found =
      read({whole, png(21, 20), "", whole.substr(0, whole.size() / 2)}, {format}, {400});
  EXPECT_EQ(found.errors[0], "");
  EXPECT_EQ(found.errors[1], "[image 1] expected at most 400 pixels, received 20 x 21");
  EXPECT_TRUE(contains(found.errors[2], "an empty file"));
  EXPECT_TRUE(contains(found.errors[3], "a truncated PNG"));
  for (const auto value : found.images[0].span<std::uint8_t>().subspan(48)) ASSERT_EQ(value, 0);
  expect_error<FileError>(
      [&] { refuse_unreadable(found.errors); },
      {"3 images cannot be read (--skip-unreadable", found.errors[1], found.errors[3]});
  // Without formats only errors come back.
  EXPECT_EQ(read({whole, "x"}, {}).errors[0], "");
  EXPECT_NE(read({whole, "x"}, {}).errors[1], "");
  EXPECT_TRUE(read({}, {format}).errors.empty());
}

TEST(ReadImages, ALongNarrowImageTakesNoMemoryThatItsSizeDoesNotJustify) {
  const std::string narrow = png(1, 1 << 16);
  const auto said = [&](const ImageFormat& format) {
    return read({narrow}, {format}, {1 << 20}).errors[0];
  };
  // Only the centre of 4,096 x 268,435,456 pixels is made.
  EXPECT_EQ(said({.height = 64, .width = 64, .resize = 4096}), "");
  EXPECT_EQ(said({.height = 64, .width = 64, .fit = "stretch"}), "");
  const std::string high = png(1 << 16, 1);
  EXPECT_TRUE(
      contains(read({high}, {{.height = 8, .width = 4096, .fit = "stretch"}}, {1 << 20}).errors[0],
               "at most 1048576 pixels when resized, received 4096 x 65536"));
  EXPECT_TRUE(contains(said({.height = 64, .width = 64, .resize = 4096, .interpolation = "area"}),
                       "at most 1048576 pixels when resized"));
}

TEST(ReadImages, PixelsInMemoryAreShownTheSameWay) {
  const ImageFormat small{.height = 5, .width = 7, .interpolation = "bicubic"};
  const Tensor whole = shown(png(20, 30), {.height = 20, .width = 30});
  const Tensor there = shown(png(20, 30), small);
  const Tensor here = format_images(whole, small);
  EXPECT_TRUE(std::ranges::equal(here.span<std::uint8_t>(), there.span<std::uint8_t>()));
  EXPECT_EQ(format_images(whole, {.height = 20, .width = 30}).raw(), whole.raw());
  Tensor grey({2, 1, 2, 2}, DType::f32);
  std::ranges::fill(grey.span<float>(), 0.5F);
  const Tensor colour = format_images(grey, {.height = 3, .width = 3});
  ASSERT_EQ(colour.shape(), (Shape{2, 3, 3, 3}));
  for (const float value : colour.span<float>()) ASSERT_FLOAT_EQ(value, 0.5F);
  EXPECT_EQ(format_images(whole, {.channels = 1, .height = 4, .width = 4}).dim(1), 1);
  expect_error([&] { format_images(whole.reshaped({20, 3, 30}), small); }, {"(n, c, h, w)"});
  expect_error([&] { format_images(Tensor({1, 2, 4, 4}, DType::u8), small); }, {"3 channels", "2"});
}

TEST(ImageFormat, IsKeptAsJson) {
  const ImageFormat format{.channels = 1, .height = 3, .width = 5, .resize = 8, .upright = false};
  EXPECT_EQ(image_format_from_json(to_json(format)), format);
  EXPECT_EQ(image_format_from_json(R"({"height": 2, "width": 3})"),
            (ImageFormat{.height = 2, .width = 3}));
  const auto refused = [](const std::string& json, const std::vector<std::string>& parts) {
    expect_error([&] { image_format_from_json(json); }, parts);
  };
  refused("[]", {"an object"});
  refused(R"({"height": 2, "widht": 3})", {"keys of channels, height", "widht"});
  refused(R"({"height": 2.5, "width": 3})", {"height", "a whole number", "2.5"});
  refused(R"({"height": 2, "width": 3, "antialias": 1})", {"antialias", "true or false"});
  refused(R"({"height": 2, "width": 3, "fit": 1})", {"fit", "a name"});
  refused(R"({"height": 2})", {"width", "1 .. 4096", "0"});
}

TEST(ImageFormat, RefusesWhatDoesNotGoTogether) {
  const auto refused = [](const ImageFormat& format, const std::vector<std::string>& parts) {
    expect_error([&] { format.validate(); }, parts);
    EXPECT_THROW(read({}, {format}), std::invalid_argument);
  };
  refused({.channels = 2, .height = 4, .width = 4}, {"channels", "1 or 3", "2"});
  refused({.height = 4, .width = 5000}, {"width", "1 .. 4096", "5000"});
  refused({.height = 4, .width = 4, .fit = "pad"}, {"one of crop, stretch, letterbox", "pad"});
  refused({.height = 4, .width = 4, .interpolation = "lanczos"}, {"bilinear, bicubic", "lanczos"});
  refused({.height = 4, .width = 6, .resize = 5}, {"crop 6 of 5"});
  refused({.height = 4, .width = 4, .fit = "letterbox", .resize = 5},
          {"resize", "0 unless cropped or stretched"});
  for (const std::string how : {"nearest", "box", "area"}) {
    refused({.height = 4, .width = 4, .interpolation = how, .antialias = false},
            {"antialias", "true for " + how});
  }
  refused({.height = 4, .width = 4, .padding = 256}, {"padding", "0 .. 255"});
}

}  // namespace
}  // namespace muxnet
