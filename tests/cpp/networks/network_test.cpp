#include "muxnet/networks/network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <stdexcept>
#include <vector>

#include "muxnet/graph/parameters.hpp"
#include "muxnet/graph/plan.hpp"
#include "muxnet/networks/projection.hpp"
#include "support/errors.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;

struct Costs {
  std::string name;
  std::int64_t embedding;
  std::int64_t parameters;  ///< 3 channels; 10 classes of the small, 1000 of the full networks
  /// Small: at 28x28x1, 32x32x3 and 64x64x3. Full: at 224x224x3.
  std::vector<std::int64_t> macs;
};

/// Every registered network has a row. The full networks' parameters are torchvision's num_params,
/// their MACs agree with its _ops (0.714, 0.301, 0.314, 4.089, 11.514, 16.414 G).
const std::vector<Costs>& costs() {
  static const std::vector<Costs> table = {
      {"alexnet_small", 128, 77146, {425792, 898816, 4105984}},
      {"mobilenet_v2_small", 128, 74858, {1937472, 2346240, 9381120}},
      {"mnasnet1_0_small", 192, 184186, {3653264, 4138880, 16549760}},
      {"resnet50_small", 192, 182890, {7551104, 9865088, 39454592}},
      {"resnet152_small", 192, 498282, {16929408, 20940672, 83756928}},
      {"resnext101_32x8d_small", 512, 919114, {35514368, 44635136, 178525184}},
      {"alexnet", 4096, 61100840, {714188480}},
      {"mobilenet_v2", 1280, 3504872, {300774272}},
      {"mnasnet1_0", 1280, 4383312, {314415872}},
      {"resnet50", 2048, 25557032, {4089184256}},
      {"resnet152", 2048, 60192808, {11513626624}},
      {"resnext101_32x8d", 2048, 88791336, {16414015488}}};
  return table;
}

const Costs& costs_of(const std::string& name) {
  const auto row = std::find_if(costs().begin(), costs().end(),
                                [&name](const Costs& costs) { return costs.name == name; });
  if (row == costs().end()) throw std::out_of_range("no committed costs for " + name);
  return *row;
}

bool is_small(const std::string& name) { return name.ends_with("_small"); }

std::vector<NetworkOptions> sizes(const std::string& name) {
  if (!is_small(name)) return {{3, 224, 224, 1000}};
  return {{1, 28, 28, 10}, {3, 32, 32, 10}, {3, 64, 64, 10}};
}

/// Without allocating the parameters, which a full network has many of.
std::set<std::string> names_of(const Graph& graph) {
  std::set<std::string> result;
  for (const Node& node : graph.nodes()) {
    const auto src = graph.src_shapes(node);
    for (const auto& spec : find_operator(node.op).parameters(src, node.attributes)) {
      result.insert(node.name + "." + spec.name);
    }
  }
  return result;
}

class Registered : public ::testing::TestWithParam<std::string> {};

TEST_P(Registered, BuildsWithTheCommittedShapesAndCosts) {
  const Costs& row = costs_of(GetParam());
  const auto options = sizes(GetParam());
  ASSERT_EQ(options.size(), row.macs.size());
  for (std::size_t i = 0; i < options.size(); ++i) {
    const Graph graph = build_network(GetParam(), options[i]);
    EXPECT_EQ(graph.shape(graph.output("embedding")), (Shape{1, row.embedding}));
    EXPECT_EQ(graph.shape(graph.output("logits")), (Shape{1, options[i].classes}));
    EXPECT_EQ(graph.macs(), row.macs[i]);
    if (options[i].channels == 3) {
      EXPECT_EQ(graph.parameter_count(), row.parameters);
    }
  }
}

TEST_P(Registered, TellsWhatItIs) {
  const NetworkEntry& network = networks().find(GetParam());
  EXPECT_EQ(network.name, GetParam());
  EXPECT_TRUE(network.name.starts_with(network.family) || network.family == "resnet" ||
              network.family == "mnasnet");
  EXPECT_FALSE(network.title.empty());
}

TEST_P(Registered, RefusesImagesAndOptionsThatDoNotFit) {
  const auto expect_refused = [](const NetworkOptions& options, const std::string& part) {
    const auto message =
        error_of<std::invalid_argument>([&] { build_network(GetParam(), options); });
    EXPECT_TRUE(contains(message, part));
  };
  expect_refused({0, 32, 32, 10}, "expected positive channels, height and width, received (0, 32");
  expect_refused({3, 32, 32, 0}, "expected a positive number of classes, received 0");
  expect_refused({3, 32, 32, 10, 1.0}, "expected dropout in [0, 1), received 1");
}

INSTANTIATE_TEST_SUITE_P(Networks, Registered, ::testing::ValuesIn(networks().names()),
                         [](const auto& test) { return test.param; });

/// Rows of a 3x3 window (padding 0) of stride 2.
std::int64_t pooled(std::int64_t rows) { return (rows - 3) / 2 + 1; }

TEST(Costs, AlexnetByHand) {
  for (const NetworkOptions& options : sizes("alexnet_small")) {
    const std::int64_t first = (options.height - 1) / 2 + 1, second = pooled(first);
    const std::int64_t third = pooled(second);
    const std::int64_t convolutions = first * first * 16 * 25 * options.channels +
                                      second * second * 32 * 9 * 16 +
                                      third * third * 9 * (48 * 16 * 2 + 48 * 32 + 32 * 32);
    const std::int64_t linears = 128 * 128 + 128 * 128 + 128 * 10;
    EXPECT_EQ(build_network("alexnet_small", options).macs(), convolutions + linears);
  }
}

TEST(Costs, ResnetByHand) {
  // Per bottleneck: 1x1 at the input's size, 3x3, 1x1 and the shortcut's 1x1 at the output's.
  const auto block = [](std::int64_t rows, std::int64_t stride, std::int64_t src,
                        std::int64_t width, std::int64_t dst) {
    const std::int64_t out = rows / stride;
    return rows * rows * src * width + out * out * (9 * width * width + width * dst + src * dst);
  };
  const std::int64_t expected = 32 * 32 * 27 * 32 + block(16, 1, 32, 32, 64) +
                                block(16, 2, 64, 48, 96) + block(8, 2, 96, 96, 192) + 192 * 10;
  EXPECT_EQ(build_network("resnet50_small").macs(), expected);
}

TEST(Costs, MakeALadderOfAtLeastFortyToOne) {
  const std::vector<std::string> ladder = {"alexnet_small",    "mobilenet_v2_small",
                                           "mnasnet1_0_small", "resnet50_small",
                                           "resnet152_small",  "resnext101_32x8d_small"};
  for (const NetworkOptions& options : sizes(ladder.front())) {
    std::vector<std::int64_t> macs;
    for (const auto& name : ladder) macs.push_back(build_network(name, options).macs());
    EXPECT_TRUE(std::is_sorted(macs.begin(), macs.end()));
    EXPECT_GE(macs.back(), 40 * macs.front());
  }
}

TEST(Names, AreTorchvisions) {
  const auto expect_names = [](const std::string& network, const std::vector<std::string>& wanted) {
    const auto names = names_of(build_network(network, {3, 64, 64, 10}));
    for (const auto& name : wanted) EXPECT_EQ(names.count(name), 1U) << network << ' ' << name;
  };
  expect_names("alexnet", {"features.0.weight", "features.10.bias", "classifier.1.weight",
                           "classifier.4.weight", "classifier.6.bias"});
  expect_names(
      "mobilenet_v2",
      {"features.0.0.weight", "features.0.1.running_mean", "features.1.conv.0.0.weight",
       "features.1.conv.1.weight", "features.1.conv.2.weight", "features.2.conv.1.1.running_var",
       "features.2.conv.3.bias", "features.18.0.weight", "classifier.1.weight"});
  expect_names("mnasnet1_0", {"layers.0.weight", "layers.7.running_var",
                              "layers.8.0.layers.0.weight", "layers.13.0.layers.7.bias",
                              "layers.14.weight", "layers.15.weight", "classifier.1.bias"});
  expect_names("resnet50", {"conv1.weight", "bn1.weight", "layer1.0.downsample.0.weight",
                            "layer1.0.downsample.1.running_mean", "layer4.2.conv3.weight",
                            "layer4.2.bn3.bias", "fc.weight"});
}

TEST(Dropout, IsTheFamilysUnlessAskedFor) {
  const auto dropouts = [](const std::string& name, std::optional<double> p) {
    const Graph graph = build_network(name, {3, 32, 32, 10, p});
    std::vector<double> result;
    for (const Node& node : graph.nodes()) {
      if (node.op == "dropout") result.push_back(node.attributes.number("p", -1));
    }
    return result;
  };
  EXPECT_EQ(dropouts("alexnet_small", std::nullopt), (std::vector<double>{0.1, 0.1}));
  EXPECT_EQ(dropouts("alexnet_small", 0.5), (std::vector<double>{0.5, 0.5}));
  EXPECT_TRUE(dropouts("alexnet_small", 0.0).empty());
  EXPECT_TRUE(dropouts("resnet50_small", std::nullopt).empty());
  EXPECT_EQ(dropouts("resnet50_small", 0.25), (std::vector<double>{0.25}));
  EXPECT_EQ(dropouts("mobilenet_v2", std::nullopt), (std::vector<double>{0.2}));
}

TEST(Registry, ListsTheKnownNamesForAnUnknownOne) {
  const auto message = error_of<std::invalid_argument>([] { build_network("resnet5"); });
  EXPECT_TRUE(contains(message, "received resnet5"));
  for (const auto& name : networks().names()) EXPECT_TRUE(contains(message, name));
}

TEST(Projection, IsAUnitVectorLinearInTheEmbedding) {
  Graph graph = build_network("alexnet_small", {1, 28, 28, 10, 0.0});
  const std::int64_t parameters = graph.parameter_count();
  add_projection(graph, 16);
  EXPECT_EQ(graph.parameter_count(), parameters + 16 * 128);
  EXPECT_EQ(graph.shape(graph.output("projected")), (Shape{1, 16}));

  Parameters values(graph);
  values.initialize(7);
  Plan plan(graph, values, {.batch = 1});
  Tensor image({1, 1, 28, 28});
  for (std::size_t i = 0; i < 784; ++i) image.span<float>()[i] = static_cast<float>(i % 13) - 6;
  plan.forward(image);
  const Tensor embedding = plan.output("embedding"), projected = plan.output("projected");
  const Tensor weight = values.value("projection.weight");
  std::vector<double> expected(16);
  double norm = 0;
  for (std::size_t row = 0; row < 16; ++row) {
    for (std::size_t k = 0; k < 128; ++k) {
      expected[row] += weight.span<float>()[row * 128 + k] * embedding.span<float>()[k];
    }
    norm += expected[row] * expected[row];
  }
  ASSERT_GT(norm, 0);
  for (std::size_t row = 0; row < 16; ++row) {
    EXPECT_NEAR(projected.span<float>()[row], expected[row] / std::sqrt(norm), 1e-5);
  }
}

TEST(Projection, NeedsAnEmbeddingAndADimension) {
  Graph bare({1, 8, 8});
  EXPECT_TRUE(
      contains(error_of<std::invalid_argument>([&] { add_projection(bare, 4); }), "embedding"));
  const auto message = error_of<std::invalid_argument>([&] { add_projection(bare, 0); });
  EXPECT_TRUE(contains(message, "expected dim of at least 1, received 0"));
}

}  // namespace
}  // namespace muxnet
