#include <gtest/gtest.h>

#include <cstdlib>
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

/// oneDNN trains convolutions from AVX2 on only.
bool lesser_cpu() {
  return std::getenv("ONEDNN_MAX_CPU_ISA") != nullptr || !__builtin_cpu_supports("avx2");
}

class Choice : public ::testing::TestWithParam<Mode> {};

TEST_P(Choice, FallsOnOneDnnWhereItIsFast) {
  const Graph graph = usual_graph();
  Parameters parameters(graph, DType::f32, 1);
  const Plan plan(graph, parameters, {.batch = 8, .mode = GetParam()});
  std::cerr << plan.describe();
}

INSTANTIATE_TEST_SUITE_P(Modes, Choice, ::testing::Values(Mode::infer, Mode::train));

}  // namespace
}  // namespace muxnet
