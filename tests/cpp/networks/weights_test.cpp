#include "muxnet/networks/weights.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "muxnet/core/safetensors.hpp"
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

}  // namespace
}  // namespace muxnet
