#include "muxnet/graph/transform.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "graphs.hpp"

namespace muxnet {
namespace {

using testing::Int;
using testing::residual_graph;

Int count(const Graph& graph, const std::string& op) {
  return std::count_if(graph.nodes().begin(), graph.nodes().end(),
                       [&](const Node& node) { return node.op == op; });
}

const Node& node_of(const Graph& graph, const std::string& name) {
  return *std::find_if(graph.nodes().begin(), graph.nodes().end(),
                       [&](const Node& node) { return node.name == name; });
}

TEST(FuseActivations, DrawsItIntoBatchNormAndAddition) {
  const Graph fused = fuse_activations(residual_graph(16, false), Mode::train);
  EXPECT_EQ(count(fused, "relu"), 0);
  EXPECT_EQ(node_of(fused, "bn1").attributes.integer("relu", 0), 1);
  EXPECT_EQ(node_of(fused, "add1").attributes.integer("relu", 0), 1);
  EXPECT_EQ(node_of(fused, "bn3").attributes.integer("relu", 0), 0);
  EXPECT_EQ(fused.parameter_count(), residual_graph().parameter_count());
}

TEST(FuseActivations, LeavesAValueThatOthersReadToo) {
  Graph graph({3, 8, 8});
  const ValueId norm = graph.add("batch_norm", "bn", {0});
  graph.add("add", "sum", {graph.add("relu", "relu", {norm}), norm});
  EXPECT_EQ(count(fuse_activations(graph, Mode::infer), "relu"), 1);
  graph.set_output("norm", norm);
  EXPECT_EQ(count(fuse_activations(graph, Mode::infer), "relu"), 1);
}

TEST(FuseActivations, TouchesConvolutionsForInferenceOnly) {
  Graph graph({3, 8, 8});
  graph.add("relu", "relu",
            {graph.add("conv2d", "conv", {0}, {{"channels", Int{4}}, {"kernel", Int{3}}})});
  EXPECT_EQ(count(fuse_activations(graph, Mode::train), "relu"), 1);
  EXPECT_EQ(count(fuse_activations(graph, Mode::infer), "relu"), 0);
}

TEST(FoldBatchNorm, LeavesNoneAfterAConvolution) {
  const Graph folded = fuse_activations(fold_batch_norm(residual_graph()), Mode::infer);
  EXPECT_EQ(count(folded, "batch_norm"), 0);
  EXPECT_EQ(node_of(folded, "conv1").attributes.integer("bias", 0), 1);
  EXPECT_EQ(node_of(folded, "conv1").attributes.integer("relu", 0), 1);
  EXPECT_EQ(folded.macs(), residual_graph().macs());
}

TEST(FoldBatchNorm, KeepsOneThatReadsSomethingElse) {
  Graph graph({3, 8, 8});
  const ValueId conv = graph.add("conv2d", "conv", {0}, {{"channels", Int{4}}, {"kernel", Int{3}}});
  graph.set_output("raw", conv);
  graph.add("batch_norm", "bn", {conv});
  EXPECT_EQ(count(fold_batch_norm(graph), "batch_norm"), 1);
}

TEST(FuseActivations, DrawsRelu6IntoConvolutionsAlone) {
  Graph graph({3, 8, 8});
  const ValueId conv = graph.add("conv2d", "conv", {0}, {{"channels", Int{4}}, {"kernel", Int{3}}});
  const ValueId first = graph.add("relu6", "first", {conv});
  graph.add("relu6", "second", {graph.add("batch_norm", "bn", {first})});
  const Graph fused = fuse_activations(graph, Mode::infer);
  EXPECT_EQ(count(fused, "relu6"), 1);
  EXPECT_EQ(node_of(fused, "conv").attributes.integer("relu6", 0), 1);
}

TEST(FuseAdditions, DrawsThemIntoTheLaterConvolution) {
  const Graph folded = fuse_activations(fold_batch_norm(residual_graph()), Mode::infer);
  const Graph fused = fuse_additions(folded);
  // One reads an activation, one the sum of the third.
  EXPECT_EQ(count(folded, "add"), 3);
  EXPECT_EQ(count(fused, "add"), 2);
  EXPECT_EQ(node_of(fused, "conv3").src.size(), 2u);
  EXPECT_EQ(fused.macs(), folded.macs());
  EXPECT_EQ(fused.parameter_count(), folded.parameter_count());
}

TEST(FuseAdditions, LeavesWhatOthersReadToo) {
  Graph graph({4, 8, 8});
  const ValueId conv = graph.add("conv2d", "conv", {0}, {{"channels", Int{4}}, {"kernel", Int{1}}});
  graph.add("add", "sum", {0, conv});
  EXPECT_EQ(count(fuse_additions(graph), "add"), 0);
  graph.set_output("conv", conv);
  EXPECT_EQ(count(fuse_additions(graph), "add"), 1);
}

}  // namespace
}  // namespace muxnet
