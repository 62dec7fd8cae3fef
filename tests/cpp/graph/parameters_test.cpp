#include "muxnet/graph/parameters.hpp"

#include <gtest/gtest.h>

#include "graphs.hpp"
#include "support/errors.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;
using testing::Int;
using testing::residual_graph;

TEST(Parameters, LieInOneArrayTrainableFirst) {
  const Graph graph = residual_graph();
  const Parameters parameters(graph);
  EXPECT_EQ(parameters.trainable_size(), graph.parameter_count());
  Int offset = 0;
  for (const auto& entry : parameters.entries()) {
    EXPECT_EQ(entry.offset, offset) << entry.name;
    offset += volume(entry.spec.shape);
    EXPECT_EQ(entry.spec.trainable, entry.offset < parameters.trainable_size()) << entry.name;
  }
  EXPECT_EQ(parameters.value("conv1.weight").shape(), (Shape{16, 3, 3, 3}));
}

TEST(Parameters, StartTheSameWhateverElseTheGraphHas) {
  Graph small({3, 8, 8}), large({3, 8, 8});
  small.add("conv2d", "conv", {0}, {{"channels", Int{4}}, {"kernel", Int{3}}});
  large.add("conv2d", "other", {0}, {{"channels", Int{4}}, {"kernel", Int{3}}});
  large.add("conv2d", "conv", {0}, {{"channels", Int{4}}, {"kernel", Int{3}}});
  Parameters a(small), b(large);
  a.initialize(5);
  b.initialize(5);
  const Tensor x = a.value("conv.weight"), y = b.value("conv.weight"), z = b.value("other.weight");
  for (Int i = 0; i < x.size(); ++i) EXPECT_EQ(x.data<float>()[i], y.data<float>()[i]);
  EXPECT_NE(y.data<float>()[0], z.data<float>()[0]);
  a.initialize(6);
  EXPECT_NE(x.data<float>()[0], y.data<float>()[0]);
}

double variance(const Tensor& tensor) {
  double sum = 0;
  for (const float value : tensor.span<float>()) sum += static_cast<double>(value) * value;
  return sum / static_cast<double>(tensor.size());
}

TEST(Parameters, KeepASignalWhereNothingNormalisesIt) {
  Graph graph({16, 8, 8});
  const auto conv = [&graph](const char* name, ValueId src) {
    return graph.add("conv2d", name, {src},
                     {{"channels", Int{64}}, {"kernel", Int{3}}, {"bias", Int{1}}});
  };
  auto value = graph.add("relu", "relu1", {conv("plain", 0)});
  value = graph.add("batch_norm", "bn", {conv("normalised", value)});
  value = graph.add("flatten", "flatten", {graph.add("relu", "relu2", {value})});
  value = graph.add("linear", "hidden", {value}, {{"features", Int{32}}});
  graph.add("linear", "last", {graph.add("relu", "relu3", {value})}, {{"features", Int{400}}});
  const Parameters parameters(graph);
  EXPECT_NEAR(variance(parameters.value("plain.weight")), 2.0 / (16 * 9), 2e-3);
  EXPECT_NEAR(variance(parameters.value("normalised.weight")), 2.0 / (64 * 9), 5e-4);
  EXPECT_NEAR(variance(parameters.value("hidden.weight")), 2.0 / (64 * 16), 2e-4);
  EXPECT_EQ(variance(parameters.value("hidden.bias")), 0);
  EXPECT_NEAR(variance(parameters.value("last.weight")), 1.0 / (3 * 32), 1e-3);
  EXPECT_GT(variance(parameters.value("last.bias")), 0);
  EXPECT_EQ(variance(parameters.value("bn.weight")), 1);
}

TEST(Parameters, SaveAndLoadByName) {
  const Graph graph = residual_graph();
  Parameters from(graph), to(graph);
  from.initialize(1);
  to.initialize(2);
  const auto version = to.version();
  to.load_state(from.state());
  EXPECT_GT(to.version(), version);
  for (Int i = 0; i < from.values().size(); ++i) {
    ASSERT_EQ(from.values().data<float>()[i], to.values().data<float>()[i]);
  }
}

TEST(Parameters, ListEverythingThatDoesNotFit) {
  const Graph graph = residual_graph();
  Parameters parameters(graph);
  auto state = parameters.state();
  state.erase("fc.bias");
  state["fc.weight"] = Tensor({2, 2});
  state["stranger"] = Tensor({1});
  const auto text = error_of<std::invalid_argument>([&] { parameters.load_state(state); });
  EXPECT_TRUE(contains(text, "missing: fc.bias"));
  EXPECT_TRUE(contains(text, "misshapen: fc.weight"));
  EXPECT_TRUE(contains(text, "extra: stranger"));
  EXPECT_THROW(parameters.value("nothing"), std::invalid_argument);
  EXPECT_THROW(parameters.gradient("bn1.running_mean"), std::invalid_argument);
}

}  // namespace
}  // namespace muxnet
