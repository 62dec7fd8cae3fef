#include <gtest/gtest.h>

#include <algorithm>

#include "muxnet/core/random.hpp"
#include "muxnet/core/safetensors.hpp"
#include "muxnet/networks/network.hpp"
#include "muxnet/networks/predictor.hpp"
#include "muxnet/networks/weights.hpp"
#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;

Graph small() { return build_network("mobilenet_v2_small", {3, 32, 32, 10}); }

Tensor images(std::int64_t n) {
  Tensor result({n, 3, 32, 32});
  Random random(4);
  for (float& value : result.span<float>()) value = static_cast<float>(random.normal());
  return result;
}

bool same(const Tensor& a, const Tensor& b) {
  return std::ranges::equal(a.span<float>(), b.span<float>());
}

TEST(QuantizedModel, AnswersAsBeforeWhenItIsLoaded) {
  if (!supports_int8()) GTEST_SKIP() << "no VNNI on this CPU, or no oneDNN in this build";
  const testing::TemporaryFolder folder;
  Model saved("mobilenet_v2_small", small(), 3);
  const Tensor in_float = Predictor(saved).output(images(5), "logits");
  quantize(saved, images(16));
  const Tensor in_int8 = Predictor(saved).output(images(5), "logits");
  EXPECT_FALSE(same(in_float, in_int8));
  EXPECT_TRUE(same(in_float, Predictor(saved, 8, Precision::full).output(images(5), "logits")));
  save_weights(saved, folder.path() / "int8.safetensors");
  Model loaded("mobilenet_v2_small", small(), 8);
  load_weights(loaded, folder.path() / "int8.safetensors");
  EXPECT_EQ(loaded.ranges, saved.ranges);
  EXPECT_TRUE(same(in_int8, Predictor(loaded).output(images(5), "logits")));
}

TEST(QuantizedModel, IsInFloatAgainWithWeightsThatAre) {
  const testing::TemporaryFolder folder;
  Model model("mobilenet_v2_small", small(), 3);
  save_weights(model, folder.path() / "float.safetensors");
  model.ranges = {{"input", 1.0F}};
  load_weights(model, folder.path() / "float.safetensors");
  EXPECT_EQ(precision_of(model), Precision::full);
}

TEST(QuantizedModel, IsRefusedWithRangesThatAreNone) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "int8.safetensors";
  Model model("mobilenet_v2_small", small(), 3);
  for (const char* ranges : {"input", "input nan", "input -1", "input 0", "input 1e99", "input x",
                             "input 1 features.0.0"}) {
    save_safetensors(path, {model.parameters.state(), {{"ranges", ranges}}});
    const auto message = error_of<FileError>([&] { load_weights(model, path); });
    EXPECT_TRUE(contains(message, path.string() + ", ranges")) << ranges;
    EXPECT_TRUE(model.ranges.empty());
  }
}

}  // namespace
}  // namespace muxnet
