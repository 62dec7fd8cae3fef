#include "muxnet/runtime/model_pool.hpp"

#include <gtest/gtest.h>

#include "support/errors.hpp"
#include "support/pool.hpp"

namespace muxnet {
namespace {

using testing::tiny_model;

TEST(ModelPool, TellsNamesCostsAndClasses) {
  const auto pool = testing::tiny_pool();
  EXPECT_EQ(pool->size(), 3u);
  EXPECT_EQ(pool->names(), (std::vector<std::string>{"small", "middle", "large"}));
  EXPECT_EQ(pool->classes(), testing::classes);
  // flatten 16 -> 3; 2 channels: 16 * 9 * 2 + 32 * 3.
  EXPECT_EQ(pool->costs(), (std::vector<double>{48, 288 + 96, 1152 + 384}));
}

TEST(ModelPool, GivesProbabilities) {
  const auto pool = testing::tiny_pool();
  const Tensor answers = pool->probabilities(2, testing::random_images(5));
  ASSERT_EQ(answers.shape(), (Shape{5, testing::classes}));
  for (int row = 0; row < 5; ++row) {
    const float* p = answers.data<float>() + row * testing::classes;
    EXPECT_NEAR(p[0] + p[1] + p[2], 1.0F, 1e-5F);
  }
}

TEST(ModelPool, RefusesModelsThatDoNotFitEachOther) {
  EXPECT_THROW(ModelPool({}), std::invalid_argument);
  EXPECT_THROW(ModelPool({host(tiny_model("a", 0, 1)), host(tiny_model("a", 2, 1))}),
               std::invalid_argument);
  const HostedModel small = host(tiny_model("a", 0, 1));
  HostedModel more = host(tiny_model("more", 0, 1));
  more.classes = testing::classes + 1;
  EXPECT_THROW(ModelPool({small, more}), std::invalid_argument);
  HostedModel wide = host(tiny_model("wide", 0, 1));
  wide.image_shape = {1, 1, 4, 5};
  const auto pool =
      std::make_shared<ModelPool>(std::vector{small, wide});  // as a service shows them
  EXPECT_EQ(pool->input_shape(1), (Shape{1, 1, 4, 5}));
  const auto rule = std::make_shared<FixedRule>(1);
  EXPECT_THROW(Router(pool, {}, rule), std::invalid_argument);  // which shows all the same
}

}  // namespace
}  // namespace muxnet
