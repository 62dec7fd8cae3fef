#include "muxnet/data/transform.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "data/files.hpp"

namespace muxnet {
namespace {

using testing::expect_error;
using Error = std::invalid_argument;

/// Pixel values 1 .. 255, never 0, so that what was filled in can be told from an image.
Dataset dataset(Shape shape, DType dtype = DType::u8) {
  Tensor images(shape, dtype);
  for (std::int64_t i = 0; i < images.size(); ++i) {
    const auto value = static_cast<int>(1 + (i * 7) % 255);
    if (dtype == DType::u8) {
      images.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(value);
    } else {
      images.data<float>()[i] = static_cast<float>(value);
    }
  }
  return make_dataset("t", images, Tensor({shape[0]}, DType::i32));
}

/// Leaves pixels as they are (u8) or nearly (rounding of 1/255).
Normalization identity(std::size_t channels) {
  return {std::vector<float>(channels, 0.0f), std::vector<float>(channels, 1.0f / 255)};
}

TEST(Normalization, IsMeanAndDeviationOfEachChannel) {
  Tensor images({2, 2, 1, 2}, DType::u8);
  const std::vector<std::uint8_t> values{0, 255, 10, 10, 255, 0, 10, 10};
  std::copy(values.begin(), values.end(), images.data<std::uint8_t>());
  const auto result = measure_normalization(make_dataset("t", images, Tensor({2}, DType::i32)));
  EXPECT_FLOAT_EQ(result.mean[0], 0.5f);
  EXPECT_FLOAT_EQ(result.deviation[0], 0.5f);
  EXPECT_FLOAT_EQ(result.mean[1], 10.0f / 255);
  EXPECT_FLOAT_EQ(result.deviation[1], 1.0f) << "a constant channel";
}

TEST(Normalization, GivesMeanZeroAndDeviationOne) {
  for (const auto dtype : {DType::u8, DType::f32}) {
    const Dataset data = dataset({20, 3, 9, 7}, dtype);
    const Tensor out = normalize(data.images, measure_normalization(data));
    for (std::int64_t channel = 0; channel < 3; ++channel) {
      double sum = 0;
      double squares = 0;
      for (std::int64_t row = 0; row < 20; ++row) {
        for (int i = 0; i < 63; ++i) {
          const double x = out.data<float>()[(row * 3 + channel) * 63 + i];
          sum += x;
          squares += x * x;
        }
      }
      EXPECT_NEAR(sum / 1260, 0, 1e-5);
      EXPECT_NEAR(squares / 1260, 1, 1e-5);
    }
  }
}

TEST(Normalization, RefusesWhatDoesNotFit) {
  const Dataset data = dataset({2, 3, 2, 2});
  expect_error<Error>([&] { normalize(data.images, identity(2)); },
                      {"normalization", "each of 3 channels", "2 and 2"});
  auto zero = identity(3);
  zero.deviation[1] = 0;
  expect_error<Error>([&] { normalize(data.images, zero); }, {"deviations above 0", "0 and 0"});
  zero.deviation[1] = std::nanf("");
  expect_error<Error>([&] { normalize(data.images, zero); }, {"normalization", "nan"});
  expect_error<Error>([&] { normalize(Tensor({2, 2}), identity(2)); }, {"normalize", "(2, 2)"});
  expect_error<Error>(
      [&] {
        normalize(Tensor({1, 1, 1, 1}, DType::f64), identity(1));
      },
      {"u8 or f32", "f64"});
  Tensor bad({3, 1, 1, 2});
  bad.data<float>()[5] = std::numeric_limits<float>::quiet_NaN();
  expect_error<Error>([&] { normalize(bad, identity(1)); }, {"images, row 2", "finite", "NaN"});
}

/// Crop, flip and erase as their definitions say, one pixel at a time.
std::vector<float> reference(const Dataset& data, std::int64_t row, const Draw& draw, int erase) {
  const auto channels = data.images.dim(1);
  const auto height = static_cast<int>(data.images.dim(2));
  const auto width = static_cast<int>(data.images.dim(3));
  std::vector<float> out;
  for (std::int64_t channel = 0; channel < channels; ++channel) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const int from_y = y + draw.top;
        const int from_x = (draw.flip ? width - 1 - x : x) + draw.left;
        const bool inside = from_y >= 0 && from_y < height && from_x >= 0 && from_x < width;
        const int dy = y - (draw.erase_row - erase / 2);
        const int dx = x - (draw.erase_column - erase / 2);
        const bool erased = dy >= 0 && dy < erase && dx >= 0 && dx < erase;
        const auto at = ((row * channels + channel) * height + from_y) * width + from_x;
        out.push_back(inside && !erased ? data.images.data<std::uint8_t>()[at] : 0.0f);
      }
    }
  }
  return out;
}

TEST(Transform, EveryDrawMatchesTheDefinition) {
  const Dataset data = dataset({2, 2, 5, 7});
  for (const int erase : {0, 1, 2, 3, 20}) {
    const Transform transform(data, identity(2), {.crop_padding = 3, .erase_size = erase});
    Random random(1);
    for (int i = 0; i < 300; ++i) {
      Draw draw = transform.draw(random);
      draw.flip = i % 3 == 0;
      std::vector<float> out(70, std::numeric_limits<float>::infinity());
      transform.apply(data.images, i % 2, draw, out.data());
      const auto expected = reference(data, i % 2, draw, erase);
      for (std::size_t j = 0; j < out.size(); ++j) {
        ASSERT_NEAR(out[j], expected[j], 1e-3) << "draw " << i << ", element " << j;
      }
    }
  }
}

TEST(Transform, DrawsStayInBoundsAndReachThem) {
  const Dataset data = dataset({1, 1, 6, 8});
  const Transform transform(data, identity(1), {.crop_padding = 2, .erase_size = 3});
  Random random(7);
  std::set<int> tops, lefts, rows, columns;
  for (int i = 0; i < 2000; ++i) {
    const Draw draw = transform.draw(random);
    tops.insert(draw.top);
    lefts.insert(draw.left);
    rows.insert(draw.erase_row);
    columns.insert(draw.erase_column);
  }
  EXPECT_EQ(tops, (std::set<int>{-2, -1, 0, 1, 2}));
  EXPECT_EQ(lefts, tops);
  EXPECT_EQ(rows, (std::set<int>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(columns, (std::set<int>{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(Transform, ResizesBothWaysForBothTypes) {
  for (const auto dtype : {DType::u8, DType::f32}) {
    Dataset data = dataset({1, 2, 4, 4}, dtype);
    if (dtype == DType::f32) {
      std::ranges::fill(data.images.span<float>(), 100.0f);
    } else {
      std::ranges::fill(data.images.span<std::uint8_t>(), std::uint8_t{100});
    }
    for (const int size : {2, 9}) {
      const Transform transform(data, {{0, 0}, {1, 1}}, {.resize = size});
      EXPECT_EQ(transform.output_shape(), (Shape{2, size, size}));
      std::vector<float> out(static_cast<std::size_t>(2 * size * size));
      transform.apply(data.images, 0, {}, out.data());
      for (const float x : out) ASSERT_NEAR(x, dtype == DType::u8 ? 100.0f / 255 : 100.0f, 1e-4);
    }
  }
}

TEST(Transform, RefusesAugmentationOutOfRange) {
  const Dataset data = dataset({1, 1, 4, 6});
  const auto make = [&](const Augmentation& wanted) { Transform(data, identity(1), wanted); };
  expect_error<Error>([&] { make({.crop_padding = 4}); }, {"crop_padding", "(1, 4, 6)", "4"});
  expect_error<Error>([&] { make({.crop_padding = -1}); }, {"crop_padding", "0 ..", "-1"});
  expect_error<Error>([&] { make({.resize = -3}); }, {"resize", "0 .. 16384 pixels", "-3"});
  expect_error<Error>([&] { make({.erase_size = 1 << 20}); }, {"erase_size", "1048576"});
}

}  // namespace
}  // namespace muxnet
