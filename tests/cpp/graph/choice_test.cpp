#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>
#include <sstream>

#include "muxnet/graph/plan.hpp"

namespace muxnet {
namespace {

using Int = std::int64_t;

/// What oneDNN has fast kernels for.
Graph usual_graph() {
  Graph graph({3, 32, 32});
  ValueId value = graph.add("conv2d", "conv", {graph.input()},
                            {{"channels", Int{32}}, {"kernel", Int{3}}, {"padding", Int{1}}});
  value = graph.add("relu", "relu", {graph.add("batch_norm", "norm", {value})});
  value = graph.add("max_pool", "largest", {value}, {{"kernel", Int{2}}, {"stride", Int{2}}});
  value = graph.add("conv2d", "wide", {value}, {{"channels", Int{64}}, {"kernel", Int{1}}});
  value = graph.add("average_pool", "mean", {value}, {{"kernel", Int{2}}, {"stride", Int{2}}});
  value = graph.add("flatten", "flatten", {value});
  graph.set_output("logits", graph.add("linear", "linear", {value}, {{"features", Int{10}}}));
  return graph;
}

/// Names of the nodes of a plan with their kernels.
std::map<std::string, std::string> kernels_of(const Plan& plan) {
  std::map<std::string, std::string> result;
  std::istringstream lines(plan.describe());
  std::string node, kernel, rest;
  while (lines >> node >> kernel && std::getline(lines, rest)) result[node] = kernel;
  return result;
}

/// oneDNN trains convolutions from AVX2 on only.
bool lesser_cpu() {
#ifdef __x86_64__
  const char* most = std::getenv("ONEDNN_MAX_CPU_ISA");
  return (most != nullptr && std::string(most) != "AVX2") || !__builtin_cpu_supports("avx2");
#else
  return true;
#endif
}

class Choice : public ::testing::TestWithParam<Mode> {};

/// A build that falls back in silence is slow and otherwise right.
TEST_P(Choice, FallsOnOneDnnWhereItIsFast) {
#ifndef MUXNET_WITH_ONEDNN
  GTEST_SKIP() << "a build that was asked to do without";
#endif
  const bool training = GetParam() == Mode::train;
  const Graph graph = usual_graph();
  Parameters parameters(graph, DType::f32, 1);
  auto kernels = kernels_of(Plan(graph, parameters, {.batch = 8, .mode = GetParam()}));
  std::set<std::string> wanted{"conv", "wide", "largest", "mean", "linear"};
  if (training) wanted.insert("norm");  // else folded
  if (training && lesser_cpu()) wanted.erase("conv"), wanted.erase("wide");
  for (const auto& node : wanted) EXPECT_EQ(kernels[node], "onednn") << node;
}

INSTANTIATE_TEST_SUITE_P(Modes, Choice, ::testing::Values(Mode::infer, Mode::train));

}  // namespace
}  // namespace muxnet
