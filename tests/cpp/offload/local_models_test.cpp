#include "muxnet/offload/local_models.hpp"

#include <gtest/gtest.h>

#include "support/pool.hpp"

namespace muxnet {
namespace {

TEST(LocalModels, LookAndAnswer) {
  const auto small = testing::tiny_model("small", 0, 1);
  const auto models = make_local_models(testing::tiny_multiplexer(2, true).model, small);
  EXPECT_EQ(models->image_shape(), (Shape{1, 1, testing::side, testing::side}));
  EXPECT_EQ(models->classes(), testing::classes);
  const Tensor prepared = models->prepare(testing::random_images(1));
  const double score = models->score(prepared);
  EXPECT_GE(score, 0);
  EXPECT_LE(score, 1);
  Predictor alone(*small);
  const Tensor expected = alone.probabilities(prepared);
  const Tensor answer = models->probabilities(prepared);
  for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(answer.span<float>()[k], expected.span<float>()[k]);
}

TEST(LocalModels, RefuseWhatDoesNotFit) {
  const auto small = testing::tiny_model("small", 0, 1);
  EXPECT_THROW(make_local_models(testing::tiny_multiplexer(2).model, small), std::invalid_argument);
  EXPECT_THROW(make_local_models(nullptr, small), std::invalid_argument);
  const auto models = make_local_models(testing::tiny_multiplexer(2, true).model, small);
  EXPECT_THROW(models->prepare(testing::random_images(2)), std::invalid_argument);
  Tensor bytes = testing::random_images(1);
  for (float& pixel : bytes.span<float>()) pixel *= 255;
  EXPECT_THROW(models->prepare(bytes), std::invalid_argument);
}

}  // namespace
}  // namespace muxnet
