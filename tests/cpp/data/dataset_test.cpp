#include "muxnet/data/dataset.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "data/files.hpp"

namespace muxnet {
namespace {

using testing::expect_error;

Tensor pixels(Shape shape) {
  Tensor images(std::move(shape), DType::u8);
  for (std::int64_t i = 0; i < images.size(); ++i) {
    images.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(i);
  }
  return images;
}

Tensor labels(const std::vector<std::int32_t>& values) {
  return Tensor::from(values, {static_cast<std::int64_t>(values.size())});
}

TEST(Dataset, FromArraysSharesThePixelsAndNamesTheClasses) {
  const Tensor images = pixels({3, 2, 2});
  const Dataset data = make_dataset("digits", images, labels({0, 2, 1}));
  EXPECT_EQ(data.images.shape(), (Shape{3, 1, 2, 2}));
  EXPECT_EQ(data.images.raw(), images.raw());
  EXPECT_EQ(data.class_names, (std::vector<std::string>{"0", "1", "2"}));
  EXPECT_EQ(data.source_index, (std::vector<std::int64_t>{0, 1, 2}));
}

TEST(Dataset, SubsetTakesRowsInTheGivenOrder) {
  const Dataset data = make_dataset("a", pixels({4, 1, 1, 2}), labels({0, 1, 0, 1}));
  const std::vector<std::int64_t> rows{3, 0, 3};
  const Dataset part = data.subset(rows);
  part.validate();
  EXPECT_EQ(part.images.data<std::uint8_t>()[0], 6);
  EXPECT_EQ(part.images.data<std::uint8_t>()[2], 0);
  EXPECT_EQ(part.labels.data<std::int32_t>()[0], 1);
  EXPECT_EQ(part.source_index, rows);
  // The identity of a row survives a second cut.
  EXPECT_EQ(part.subset(std::vector<std::int64_t>{0}).source_index, (std::vector<std::int64_t>{3}));
  EXPECT_EQ(data.subset({}).size(), 0);
}

TEST(Dataset, SubsetRefusesRowsThatAreNotThere) {
  const Dataset data = make_dataset("a", pixels({2, 1, 1}), labels({0, 1}));
  for (const std::int64_t row : {-1, 2}) {
    expect_error<std::out_of_range>([&] { data.subset(std::vector{row}); },
                                    {"dataset a.subset", "rows of 0 .. 1", text(row)});
  }
}

TEST(Dataset, RefusesPixelsThatAreNotFiniteAndNamesTheRow) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    Tensor images({3, 1, 2, 2});
    images.data<float>()[2 * 4 + 3] = bad;
    expect_error<std::invalid_argument>(
        [&] {
          make_dataset("x", images, labels({0, 1, 0}));
        },
        {"dataset x, row 2", "finite", "NaN or infinity"});
  }
  Tensor images({1, 1, 1, 1});
  images.data<float>()[0] = std::numeric_limits<float>::max();
  EXPECT_NO_THROW(make_dataset("x", images, labels({0})));
}

TEST(Pixels, InFloatsAreFromNoughtToOneButForRounding) {
  const auto image = [](float pixel) {
    Tensor images({1, 1, 1, 2});
    images.data<float>()[1] = pixel;
    return images;
  };
  for (const float fine : {0.0F, 1.0F, 1.0019F, -0.0019F}) check_pixels(image(fine), "images");
  check_pixels(Tensor({2, 1, 2, 2}, DType::u8), "images");
  for (const auto& [bad, told] :
       {std::pair{255.0F, "from 0 to 255"}, std::pair{-2.1F, "from -2.1 to 0"},
        std::pair{1.01F, "from 0 to 1.01"},
        std::pair{std::numeric_limits<float>::quiet_NaN(), "NaN"}}) {
    expect_error<std::invalid_argument>([&, pixel = bad] { check_pixels(image(pixel), "images"); },
                                        {"images", told});
  }
  expect_error<std::invalid_argument>([] { check_pixels(Tensor({1}, DType::i32), "images"); },
                                      {"images", "u8 or f32", "i32"});
}

TEST(Dataset, RefusesArraysThatDoNotFit) {
  const Tensor images = pixels({2, 1, 2, 2});
  using Error = std::invalid_argument;
  expect_error<Error>(
      [&] {
        make_dataset("x", pixels({4}), labels({0, 1, 0, 1}));
      },
      {"dataset x, images", "(n, channels, height, width)", "(4)"});
  expect_error<Error>(
      [&] {
        make_dataset("x", pixels({0, 1, 2, 2}), labels({}));
      },
      {"dataset x, images", "without zeros", "(0, 1, 2, 2)"});
  expect_error<Error>(
      [&] {
        make_dataset("x", Tensor({2, 1, 2, 2}, DType::f64), labels({0, 1}));
      },
      {"dataset x, images", "u8 or f32", "f64"});
  expect_error<Error>(
      [&] {
        make_dataset("x", images, labels({0, 1, 1}));
      },
      {"dataset x, labels", "(2)", "(3)"});
  expect_error<Error>([&] { make_dataset("x", images, Tensor({2}, DType::i64), {"a"}); },
                      {"dataset x, labels", "i32", "i64"});
  expect_error<Error>(
      [&] {
        make_dataset("x", images, labels({0, 2}), {"a", "b"});
      },
      {"dataset x, row 1", "a label of 0 .. 1", "received 2"});
  expect_error<Error>(
      [&] {
        make_dataset("x", images, labels({0, -1}));
      },
      {"dataset x, row 1", "a label of 0 .. 0", "received -1"});
  expect_error<Error>(
      [&] {
        make_dataset("x", images, labels({0, 2000000000}));
      },
      {"dataset x, labels", "below 1000000", "2000000000"});
  Dataset data = make_dataset("x", images, labels({0, 1}));
  data.source_index.pop_back();
  expect_error<Error>([&] { data.validate(); }, {"dataset x, source_index", "2 entries", "1"});
}

}  // namespace
}  // namespace muxnet
