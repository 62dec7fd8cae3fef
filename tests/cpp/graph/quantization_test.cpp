#include "muxnet/graph/quantization.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "graph/graphs.hpp"
#include "muxnet/graph/plan.hpp"
#include "muxnet/graph/transform.hpp"
#include "support/errors.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;
using testing::fill_normal;
using testing::Int;
using testing::residual_graph;

constexpr float infinity = std::numeric_limits<float>::infinity();

struct Network {
  explicit Network(Int channels = 16) : graph(residual_graph(channels)), parameters(graph) {
    parameters.initialize(2);
    testing::set_statistics(parameters);
    fill_normal<float>(images, 1);
  }

  Tensor logits(const Tensor& shown, Int batch, Precision precision) {
    Plan plan(graph, parameters, {.batch = batch, .precision = precision, .ranges = ranges()});
    Tensor result({shown.dim(0), 5});
    for (Int begin = 0; begin < shown.dim(0); begin += batch) {
      plan.forward(shown.rows(begin, begin + batch));
      const Tensor found = plan.output("logits");
      std::copy_n(found.data<float>(), found.size(), result.data<float>() + 5 * begin);
    }
    return result;
  }
  Ranges ranges() const { return measure_ranges(graph, parameters, images); }

  Graph graph;
  Parameters parameters;
  Tensor images = Tensor({12, 3, 8, 8});
};

double rms(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value * value);
  return std::sqrt(sum / static_cast<double>(values.size()));
}

class Int8Plan : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!supports_int8()) GTEST_SKIP() << "no VNNI on this CPU, or no oneDNN in this build";
  }
};

TEST_F(Int8Plan, AnswersNearlyAsFloatDoes) {
  for (const Int channels : {16, 24, 5}) {
    Network network(channels);
    Tensor other(network.images.shape());
    fill_normal<float>(other, 7);  // not those of the ranges
    const Tensor whole = network.logits(other, 4, Precision::full);
    Tensor error = network.logits(other, 4, Precision::int8);
    for (Int i = 0; i < error.size(); ++i) error.data<float>()[i] -= whole.data<float>()[i];
    EXPECT_GT(rms(error.span<float>()), 0);
    EXPECT_LT(rms(error.span<float>()), 0.05 * rms(whole.span<float>())) << channels;
  }
}

TEST_F(Int8Plan, GivesTheSameBitsInAnyBatch) {
  Network network;
  const Tensor one = network.logits(network.images, 1, Precision::int8);
  for (const Int batch : {3, 12}) {
    const Tensor many = network.logits(network.images, batch, Precision::int8);
    EXPECT_TRUE(std::ranges::equal(one.span<float>(), many.span<float>())) << batch;
  }
}

TEST_F(Int8Plan, HandsIntegersOn) {
  Network network;
  const PlanOptions options{.precision = Precision::int8, .ranges = network.ranges()};
  const std::string text = Plan(network.graph, network.parameters, options).describe();
  // The stem, read by convolutions alone, is never in float.
  EXPECT_TRUE(contains(text, "nhwc  u8 (1, 16, 8, 8)")) << text;
  EXPECT_TRUE(contains(text, "vnni")) << text;
}

TEST_F(Int8Plan, StaysInFloatWhereARangeIsMissing) {
  Network network;
  const PlanOptions none_of_these{.precision = Precision::int8, .ranges = {{"elsewhere", 1.0F}}};
  Plan plan(network.graph, network.parameters, none_of_these);
  EXPECT_EQ(plan.describe().find("8 ("), std::string::npos) << plan.describe();
}

TEST_F(Int8Plan, FollowsTheWeights) {
  Network network;
  const PlanOptions options{.batch = 12, .precision = Precision::int8, .ranges = network.ranges()};
  Plan plan(network.graph, network.parameters, options);
  plan.forward(network.images);
  const Tensor before = plan.output("logits").clone();
  for (float& weight : network.parameters.value("fc.weight").span<float>()) weight *= 2;
  network.parameters.changed();
  plan.forward(network.images);
  EXPECT_FALSE(std::ranges::equal(before.span<float>(), plan.output("logits").span<float>()));
}

TEST_F(Int8Plan, IsForInferenceWithRanges) {
  Network network;
  const auto refused = [&](PlanOptions options) {
    options.precision = Precision::int8;
    return error_of([&] { Plan(network.graph, network.parameters, options); });
  };
  EXPECT_TRUE(contains(refused({.mode = Mode::train}), "precision fp32 or bf16 to train"));
  EXPECT_TRUE(contains(refused({}), "the ranges of activations for int8, received none"));
}

TEST(Int8, IsAnErrorWithoutVnni) {
  if (supports_int8()) GTEST_SKIP() << "this CPU has it";
  Network network;
  const PlanOptions options{.precision = Precision::int8, .ranges = network.ranges()};
  EXPECT_TRUE(contains(error_of([&] { Plan(network.graph, network.parameters, options); }),
                       "[plan] expected precision fp32"));
}

TEST(Ranges, AreOfWhatIsReadAsIntegers) {
  const Network network;
  const Ranges found = network.ranges();
  EXPECT_EQ(found.count(graph_input), 1u);
  EXPECT_EQ(found.count("conv1"), 1u);  // with its batch norm and ReLU
  EXPECT_EQ(found.count("flatten"), 1u);
  EXPECT_EQ(found.count("fc"), 0u);
  float most = 0;
  for (const float x : network.images.span<float>()) most = std::max(most, std::abs(x));
  EXPECT_GT(found.at(graph_input), 0.3F * most);
  EXPECT_LE(found.at(graph_input), most);
}

TEST(Ranges, CutOffWhatIsRare) {
  Network network;
  network.images = Tensor({1000, 3, 8, 8});
  fill_normal<float>(network.images, 5);
  network.images.data<float>()[17] = 12;  // alone: 8 bits are better spent on the others
  EXPECT_LT(network.ranges().at(graph_input), 8);
}

TEST(Ranges, OfNothingAreAboveNothing) {
  Network network;
  network.images = Tensor({2, 3, 8, 8});
  EXPECT_EQ(network.ranges().at(graph_input), 1);
}

TEST(Ranges, RefuseWhatIsNotFinite) {
  for (const float wrong : {infinity, -infinity, std::nanf("")}) {
    Network network;
    network.images.data<float>()[100] = wrong;
    EXPECT_TRUE(contains(error_of([&] { network.ranges(); }), "[int8, input] expected finite"));
  }
}

TEST(Ranges, RefuseOtherImages) {
  Network network;
  network.images = Tensor({2, 3, 8, 9});
  EXPECT_TRUE(contains(error_of([&] { network.ranges(); }), "f32 (2, 3, 8, 9)"));
  network.images = Tensor();
  EXPECT_TRUE(contains(error_of([&] { network.ranges(); }), "f32 images (1, 3, 8, 8)"));
}

}  // namespace
}  // namespace muxnet
