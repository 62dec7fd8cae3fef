#include "muxnet/runtime/multiplexer_input.hpp"

#include <gtest/gtest.h>

#include "muxnet/data/image_statistics.hpp"
#include "muxnet/networks/multiplexer.hpp"
#include "support/errors.hpp"
#include "support/pool.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;

Multiplexer of_kind(const std::string& kind, MultiplexerOptions options) {
  options.body = multiplexer_kinds().find(kind).body;
  options.models = 3;
  auto model = std::make_shared<Model>("multiplexer", build_multiplexer(options), 3);
  const auto channels = static_cast<std::size_t>(options.channels);
  model->normalization = {std::vector<float>(channels, 0.5F), std::vector<float>(channels, 2.0F)};
  return {model, Objective::correctness, {}, testing::tiny_costs(3), kind, {}, {}};
}

Tensor bytes(std::int64_t n, std::int64_t channels) {
  Tensor images({n, channels, testing::side, testing::side}, DType::u8);
  Random random(3);
  for (auto& pixel : images.span<std::uint8_t>()) {
    pixel = static_cast<std::uint8_t>(random.below(256));
  }
  return images;
}

TEST(MultiplexerInput, OfImagesIsTheImageNormalised) {
  const auto multiplexer = of_kind(
      "image", {.channels = 3, .height = testing::side, .width = testing::side, .filters = 2});
  const Tensor images = bytes(5, 3);
  const MultiplexerInput input(multiplexer, {1, 3, testing::side, testing::side});
  const Tensor shown = input.all(images);
  ASSERT_EQ(shown.shape(), images.shape());
  for (std::int64_t i = 0; i < images.size(); ++i) {
    const float expected = (static_cast<float>(images.data<std::uint8_t>()[i]) / 255 - 0.5F) / 2;
    ASSERT_NEAR(shown.data<float>()[i], expected, 1e-5);
  }
}

TEST(MultiplexerInput, LargerImagesAreMadeWhatItWants) {
  auto multiplexer = of_kind("image", {.channels = 1, .height = 2, .width = 2, .filters = 2});
  multiplexer.images = ImageFormat{.channels = 1, .height = 2, .width = 2, .interpolation = "area"};
  Tensor images({1, 1, 4, 4});
  for (std::int64_t i = 0; i < 16; ++i) images.data<float>()[i] = static_cast<float>(i) / 16;
  const Tensor shown = MultiplexerInput(multiplexer, {1, 1, 4, 4}).all(images);
  ASSERT_EQ(shown.shape(), (Shape{1, 1, 2, 2}));
  const float means[] = {2.5F, 4.5F, 10.5F, 12.5F};
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(shown.data<float>()[i], (means[i] / 16 - 0.5F) / 2, 1e-5);
  // Those that have the size already are shown as they are.
  EXPECT_EQ(MultiplexerInput(multiplexer, {1, 1, 2, 2}).all(Tensor({3, 1, 2, 2})).dim(0), 3);
}

TEST(MultiplexerInput, OfStatisticsIsWhatTheImageIsLike) {
  const auto multiplexer =
      of_kind("statistics", {.channels = 12, .height = 1, .width = 1, .hidden = 5});
  const Tensor images = bytes(4, 3);
  const MultiplexerInput input(multiplexer, {1, 3, testing::side, testing::side});
  const Tensor shown = input.all(images), expected = image_statistics(images);
  ASSERT_EQ(shown.shape(), (Shape{4, 12, 1, 1}));
  for (std::int64_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(shown.data<float>()[i], (expected.data<float>()[i] - 0.5F) / 2, 1e-5);
  }
  const auto view = run_multiplexer(multiplexer, Predictor(*multiplexer.model), shown);
  EXPECT_EQ(view.scores.shape(), (Shape{4, 3}));
}

TEST(MultiplexerInput, OfVectorsIsTheVector) {
  const auto multiplexer = of_kind("features", {.channels = 7, .height = 1, .width = 1});
  Tensor vectors({6, 7});
  for (std::int64_t i = 0; i < vectors.size(); ++i)
    vectors.data<float>()[i] = static_cast<float>(i);
  const Tensor shown = MultiplexerInput(multiplexer, {1, 7}).all(vectors);
  ASSERT_EQ(shown.shape(), (Shape{6, 7, 1, 1}));
  EXPECT_NEAR(shown.data<float>()[41], (41 - 0.5F) / 2, 1e-5);
}

TEST(MultiplexerInput, RefusesWhatTheMultiplexerIsNotFor) {
  const auto image = of_kind(
      "image", {.channels = 3, .height = testing::side, .width = testing::side, .filters = 2});
  const auto refusal = [](const Multiplexer& multiplexer, const Shape& shape) {
    return error_of<std::invalid_argument>([&] { MultiplexerInput(multiplexer, shape); });
  };
  EXPECT_TRUE(contains(refusal(image, {1, 1, 4, 4}), "inputs as (1, 3, 4, 4)"));
  EXPECT_TRUE(contains(refusal(image, {1, 48}), "images (n, c, h, w)"));
  const auto vector = of_kind("features", {.channels = 7, .height = 1, .width = 1});
  EXPECT_TRUE(contains(refusal(vector, {1, 8}), "inputs as (1, 7, 1, 1)"));
  EXPECT_TRUE(contains(refusal(vector, {1, 3, 4, 4}), "f32 vectors (n, d)"));
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([] { shown_to_multiplexer("nose", {}); }),
                       "one of image, features, embedding, statistics"));
}

TEST(MultiplexerInput, AVectorHasOnePixel) {
  EXPECT_TRUE(contains(error_of<std::invalid_argument>(
                           [] { of_kind("features", {.channels = 7, .height = 2, .width = 1}); }),
                       "of one pixel"));
}

}  // namespace
}  // namespace muxnet
