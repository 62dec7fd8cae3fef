#include "muxnet/data/image_statistics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "muxnet/core/random.hpp"
#include "support/errors.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;

float of(const Tensor& statistics, const std::string& name, std::int64_t row = 0) {
  const auto& names = image_statistic_names();
  const auto place = std::find(names.begin(), names.end(), name) - names.begin();
  return statistics.data<float>()[row * statistics.dim(1) + place];
}

Tensor grey(const std::vector<float>& pixels, std::int64_t height, std::int64_t width) {
  return Tensor::from(pixels, {1, 1, height, width});
}

TEST(ImageStatistics, OfOneColourAreItsBrightness) {
  const auto found = image_statistics(grey(std::vector<float>(24, 0.25F), 4, 6));
  for (const auto& name : image_statistic_names()) {
    const bool bright = name == "brightness" || name == "dark" || name == "bright";
    EXPECT_NEAR(of(found, name), bright ? 0.25 : 0, 1e-6) << name;
  }
}

TEST(ImageStatistics, AreThoseOfAStep) {
  // Left half black, right half white, 4 x 4.
  const auto found = image_statistics(grey({0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1}, 4, 4));
  EXPECT_NEAR(of(found, "brightness"), 0.5, 1e-6);
  EXPECT_NEAR(of(found, "contrast"), 0.5, 1e-6);
  EXPECT_NEAR(of(found, "skewness"), 0, 1e-6);
  EXPECT_NEAR(of(found, "dark"), 0, 1e-6);
  EXPECT_NEAR(of(found, "bright"), 1, 1e-6);
  EXPECT_NEAR(of(found, "entropy"), 1, 1e-6);      // two bins, half each
  EXPECT_NEAR(of(found, "gradient"), 0.25, 1e-6);  // half of the pixels, 0.5 each
  EXPECT_NEAR(of(found, "edge_share"), 0.5, 1e-6);
  EXPECT_NEAR(of(found, "sharpness"), std::sqrt(0.5), 1e-6);  // half of them +-1
  EXPECT_NEAR(of(found, "centre"), 0, 1e-6);
  EXPECT_NEAR(of(found, "asymmetry"), 1, 1e-6);
  EXPECT_NEAR(of(found, "saturation"), 0, 1e-6);
}

TEST(ImageStatistics, SeeTheCentreAndTheColours) {
  std::vector<float> pixels(16, 0);
  for (const std::size_t place : {5U, 6U, 9U, 10U}) pixels[place] = 1;
  EXPECT_NEAR(of(image_statistics(grey(pixels, 4, 4)), "centre"), 1, 1e-6);
  const auto red = image_statistics(Tensor::from(std::vector<float>{1, 0, 0}, {1, 3, 1, 1}));
  EXPECT_NEAR(of(red, "saturation"), 1, 1e-6);
  EXPECT_NEAR(of(red, "brightness"), 1.0 / 3, 1e-6);
}

TEST(ImageStatistics, OfBytesAreThoseOfTheirFractions) {
  Tensor bytes({9, 3, 7, 5}, DType::u8), floats({9, 3, 7, 5});
  Random random(1);
  for (std::int64_t i = 0; i < bytes.size(); ++i) {
    bytes.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(random.below(256));
    floats.data<float>()[i] = static_cast<float>(bytes.data<std::uint8_t>()[i]) / 255;
  }
  const Tensor one = image_statistics(bytes), other = image_statistics(floats);
  ASSERT_EQ(one.shape(), (Shape{9, 12}));
  for (std::int64_t i = 0; i < one.size(); ++i) {
    EXPECT_NEAR(one.data<float>()[i], other.data<float>()[i], 1e-4);
  }
}

TEST(ImageStatistics, RefuseWhatIsNoImage) {
  EXPECT_THROW(image_statistics(Tensor({3, 4})), std::invalid_argument);
  EXPECT_THROW(image_statistics(Tensor({1, 1, 2, 2}, DType::i32)), std::invalid_argument);
  const auto nan = grey({std::numeric_limits<float>::quiet_NaN()}, 1, 1);
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([&] { image_statistics(nan); }), "finite"));
}

}  // namespace
}  // namespace muxnet
