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
  Graph graph({1, 5, 5});
  const ValueId flat = graph.add("flatten", "flatten", {graph.input()});
  graph.set_output("logits", graph.add("linear", "fc", {flat}, {{"features", std::int64_t{3}}}));
  const auto other = std::make_shared<Model>("wide", std::move(graph));
  EXPECT_THROW(ModelPool({host(tiny_model("a", 0, 1)), host(other)}), std::invalid_argument);
}

}  // namespace
}  // namespace muxnet
