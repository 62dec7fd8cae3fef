#include "muxnet/graph/graph.hpp"

#include <gtest/gtest.h>

#include "graphs.hpp"
#include "support/errors.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;
using testing::Int;

TEST(Graph, CountsAndDescribes) {
  Graph graph({3, 8, 8});
  const ValueId value = graph.add("conv2d", "conv", {0},
                                  {{"channels", Int{4}}, {"kernel", Int{3}}, {"bias", Int{1}}});
  EXPECT_EQ(graph.shape(value), (Shape{1, 4, 6, 6}));
  graph.add("linear", "fc", {graph.add("flatten", "flat", {value})}, {{"features", Int{2}}});
  EXPECT_EQ(graph.macs(), 4 * 36 * 27 + 144 * 2);
  EXPECT_EQ(graph.parameter_count(), 4 * 27 + 4 + 144 * 2 + 2);
  EXPECT_TRUE(contains(graph.summary(), "conv2d"));
  EXPECT_TRUE(contains(graph.summary(), "4176"));
}

TEST(Graph, RefusesWhatDoesNotFit) {
  Graph graph({3, 8, 8});
  graph.add("relu", "a", {0});
  EXPECT_THROW(graph.add("relu", "a", {0}), std::invalid_argument);
  EXPECT_THROW(graph.add("relu", "", {0}), std::invalid_argument);
  EXPECT_THROW(graph.add("relu", "b", {9}), std::invalid_argument);
  EXPECT_THROW(graph.add("relu", "b", {0, 1}), std::invalid_argument);
  EXPECT_THROW(graph.add("no_such", "b", {0}), std::invalid_argument);
  EXPECT_THROW(graph.set_output("o", 7), std::invalid_argument);
  EXPECT_THROW(Graph({3, 8}), std::invalid_argument);
  const auto unknown = error_of<std::invalid_argument>([&] {
    graph.add("conv2d", "c", {0}, {{"chanels", Int{4}}});
  });
  EXPECT_TRUE(contains(unknown, "chanels"));
  EXPECT_TRUE(contains(unknown, "channels"));
  const auto shape = error_of<std::invalid_argument>([&] {
    graph.add("linear", "late", {0}, {{"features", Int{2}}});
  });
  EXPECT_TRUE(contains(shape, "late"));
  graph.set_output("logits", 1);
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([&] { graph.output("logit"); }), "logits"));
  // What was refused left nothing behind.
  EXPECT_EQ(graph.nodes().size(), 1u);
  EXPECT_EQ(graph.values(), 2);
}

}  // namespace
}  // namespace muxnet
