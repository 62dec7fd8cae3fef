#include "muxnet/networks/weights.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "muxnet/core/safetensors.hpp"
#include "muxnet/graph/parameters.hpp"
#include "muxnet/networks/network.hpp"
#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;

Graph small() { return build_network("alexnet_small", {1, 28, 28, 10}); }

TEST(Weights, ComeBackToTheSameBits) {
  const testing::TemporaryFolder folder;
  Model saved("alexnet_small", small());
  saved.parameters.initialize(11);
  saved.normalization = {{0.28604060F}, {0.35302424F}};
  save_weights(saved, folder.path() / "weights.safetensors");

  Model loaded("alexnet_small", small());
  const auto version = loaded.parameters.version();
  load_weights(loaded, folder.path() / "weights.safetensors");
  const auto expected = saved.parameters.values().span<float>();
  const auto received = loaded.parameters.values().span<float>();
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), received.begin(), received.end()));
  EXPECT_GT(loaded.parameters.version(), version);
  EXPECT_EQ(loaded.normalization.mean, saved.normalization.mean);
  EXPECT_EQ(loaded.normalization.deviation, saved.normalization.deviation);
}

TEST(Weights, OfAnotherNetworkAreRefusedWithFileAndTensors) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "weights.safetensors";
  save_weights(Model("alexnet_small", small()), path);
  Model other("resnet50_small", build_network("resnet50_small", {1, 28, 28, 10}));
  const auto message = error_of<std::invalid_argument>([&] { load_weights(other, path); });
  EXPECT_TRUE(contains(message, path.string()));
  EXPECT_TRUE(contains(message, "missing: layer1.0.conv1.weight (32, 32, 1, 1)"));
  EXPECT_TRUE(contains(message, "features.0.bias"));
}

TEST(Weights, WithoutANormalisationLeaveTheModelsOwn) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "weights.safetensors";
  Model model("alexnet_small", small());
  model.normalization = {{0.5F}, {0.25F}};
  save_safetensors(path, {model.parameters.state(), {}});
  load_weights(model, path);
  EXPECT_EQ(model.normalization.mean, std::vector<float>{0.5F});
}

TEST(Weights, AreTransferredWhereNameAndShapeAgree) {
  Model learnt("alexnet_small", build_network("alexnet_small", {1, 28, 28, 7}), 11);
  Model fresh("alexnet_small", small(), 12);
  const auto own = fresh.parameters.value("classifier.6.weight").clone();
  transfer_weights(learnt, fresh);
  const auto equal = [](const Tensor& a, const Tensor& b) {
    const auto x = a.span<float>(), y = b.span<float>();
    return std::equal(x.begin(), x.end(), y.begin(), y.end());
  };
  std::size_t taken = 0;
  for (const auto& [name, values] : fresh.parameters.state()) {
    const auto other = learnt.parameters.value(name);
    if (other.shape() == values.shape()) {
      EXPECT_TRUE(equal(values, other)) << name;
      ++taken;
    }
  }
  EXPECT_GT(taken, 8U);
  EXPECT_LT(taken, fresh.parameters.state().size());
}

NamedShapes shapes_of(const Graph& graph) {
  NamedShapes shapes;
  for (const auto& entry : parameter_entries(graph)) {
    shapes.emplace_back(entry.name, entry.spec.shape);
  }
  return shapes;
}

TEST(Weights, TellTheNetworkThatTheyAreOf) {
  const NetworkOptions images{3, 32, 32, 0};
  auto shapes = shapes_of(build_network("resnet50_small", {3, 32, 32, 7}));
  EXPECT_EQ(class_count(shapes), 7);
  EXPECT_EQ(matching_network(shapes, images), "resnet50_small");
  shapes.front().first = "extra.weight";
  const auto message = error_of<std::invalid_argument>([&] { matching_network(shapes, images); });
  EXPECT_TRUE(contains(message, "tensors of one of alexnet"));
  EXPECT_TRUE(contains(message, "extra.weight"));
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([] { class_count({}); }), "linear layer"));
}

}  // namespace
}  // namespace muxnet
