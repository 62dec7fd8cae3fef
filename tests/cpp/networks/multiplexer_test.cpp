#include "muxnet/networks/multiplexer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "muxnet/graph/parameters.hpp"
#include "muxnet/graph/plan.hpp"
#include "muxnet/networks/network.hpp"
#include "support/errors.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;

std::int64_t count(const Graph& graph, const std::string& op) {
  return std::count_if(graph.nodes().begin(), graph.nodes().end(),
                       [&op](const Node& node) { return node.op == op; });
}

Shape output_shape(const Graph& graph, const std::string& name) {
  return graph.shape(graph.output(name));
}

/// A graph ready to run on images that differ.
struct Running {
  Running(const Graph& graph, std::int64_t batch)
      : parameters(graph), plan(graph, parameters, {.batch = batch}) {
    parameters.initialize(3);
    Shape shape = graph.shape(graph.input());
    shape[0] = batch;
    images = Tensor(shape);
    float angle = 0;
    for (float& x : images.span<float>()) x = std::sin(angle += 1.7F);
    plan.forward(images);
  }
  Parameters parameters;
  Plan plan;
  Tensor images;
};

TEST(Multiplexer, HasFourConvolutionsAndTheOutputsOfThePaper) {
  const Graph graph = build_multiplexer({.models = 5, .meta_dim = 12});
  EXPECT_EQ(count(graph, "conv2d"), 4);
  EXPECT_EQ(output_shape(graph, "meta"), (Shape{1, 60}));
  EXPECT_EQ(output_shape(graph, "scores"), (Shape{1, 5}));
  EXPECT_EQ(graph.outputs().count("offload"), 0U);
  EXPECT_EQ(Parameters(graph).value("v.weight").shape(), (Shape{5, 60}));
}

TEST(Multiplexer, OfVectorsIsLinearOrHasAHiddenLayer) {
  const MultiplexerOptions linear{.body = MultiplexerBody::perceptron,
                                  .channels = 7,
                                  .height = 1,
                                  .width = 1,
                                  .models = 3,
                                  .meta_dim = 5};
  const Graph plain = build_multiplexer(linear);
  EXPECT_EQ(output_shape(plain, "scores"), (Shape{1, 3}));
  EXPECT_EQ(output_shape(plain, "meta"), (Shape{1, 15}));
  EXPECT_EQ(plain.macs(), 7 * 15 + 15 * 3);
  EXPECT_EQ(count(plain, "relu"), 0);
  auto options = linear;
  options.hidden = 11;
  const Graph hidden = build_multiplexer(options);
  EXPECT_EQ(hidden.macs(), 7 * 11 + 11 * 15 + 15 * 3);
  EXPECT_EQ(count(hidden, "relu"), 1);
  options.height = 2;
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([&] { build_multiplexer(options); }),
                       "vectors, of one pixel"));
}

TEST(Multiplexer, GuessesTheAnswerItselfOnlyWhereAsked) {
  const Graph plain = build_multiplexer({.models = 2});
  const Graph guessing = build_multiplexer({.models = 2, .classes = 7});
  EXPECT_EQ(plain.outputs().count("logits"), 0U);
  EXPECT_EQ(output_shape(guessing, "logits"), (Shape{1, 7}));
  EXPECT_EQ(guessing.parameter_count() - plain.parameter_count(), 7 * (4 * 8 + 1));
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([] { build_multiplexer({.classes = -1}); }),
                       "classes"));
}

TEST(Multiplexer, CostsWellBelowTheCheapestModel) {
  for (const auto& [channels, side] : {std::pair<std::int64_t, std::int64_t>{1, 28}, {3, 32}}) {
    const Graph graph = build_multiplexer({.channels = channels, .height = side, .width = side});
    EXPECT_LE(graph.macs(), 250'000);
    EXPECT_LT(2 * graph.macs(), build_network("alexnet_small", {channels, side, side, 10}).macs());
  }
}

TEST(Multiplexer, MetaFeaturesAreUnitVectorsOfEachModelAndScoresAreNot) {
  constexpr std::int64_t batch = 3, models = 4, dim = 8;
  const Graph graph = build_multiplexer({.models = models, .meta_dim = dim});
  Running running(graph, batch);
  const Tensor meta = running.plan.output("meta");
  for (std::int64_t group = 0; group < batch * models; ++group) {
    double norm = 0;
    for (std::int64_t k = 0; k < dim; ++k) norm += std::pow(meta.data<float>()[group * dim + k], 2);
    EXPECT_NEAR(norm, 1, 1e-5);
  }
  // Scores follow the meta-feature before its normalisation: twice the map, twice the score.
  Tensor bias = running.parameters.value("v.bias");
  for (float& x : bias.span<float>()) x = 0;
  running.parameters.changed();
  running.plan.forward(running.images);
  const Tensor scores = running.plan.output("scores").clone();
  const Tensor unit = running.plan.output("meta").clone();
  for (const char* name : {"meta.weight", "meta.bias"}) {
    Tensor value = running.parameters.value(name);
    for (float& x : value.span<float>()) x *= 2;
  }
  running.parameters.changed();
  running.plan.forward(running.images);
  for (std::size_t i = 0; i < static_cast<std::size_t>(batch * models); ++i) {
    EXPECT_NE(scores.span<float>()[i], 0);
    EXPECT_NEAR(running.plan.output("scores").span<float>()[i], 2 * scores.span<float>()[i], 1e-5);
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(batch * models * dim); ++i) {
    EXPECT_NEAR(running.plan.output("meta").span<float>()[i], unit.span<float>()[i], 1e-5);
  }
}

TEST(Multiplexer, SharesOneMetaFeatureWhereAsked) {
  const Graph graph = build_multiplexer({.models = 6, .meta_dim = 10, .shared_meta = true});
  EXPECT_EQ(output_shape(graph, "meta"), (Shape{1, 10}));
  EXPECT_EQ(output_shape(graph, "scores"), (Shape{1, 6}));
}

TEST(Multiplexer, OffloadIsTheSigmoidOfItsOneScore) {
  const Graph graph = build_multiplexer({.models = 2, .offload = true});
  ASSERT_EQ(output_shape(graph, "scores"), (Shape{1, 1}));
  Running running(graph, 2);
  for (std::size_t i = 0; i < 2; ++i) {
    const double score = running.plan.output("scores").span<float>()[i];
    EXPECT_NEAR(running.plan.output("offload").span<float>()[i], 1 / (1 + std::exp(-score)), 1e-6);
  }
}

TEST(Multiplexer, LooksAtTheImageAtItsOwnResolution) {
  const auto input_of_first = [](const MultiplexerOptions& options) {
    const Graph graph = build_multiplexer(options);
    for (const Node& node : graph.nodes()) {
      if (node.op == "conv2d") return graph.src_shapes(node).front();
    }
    return Shape{};
  };
  EXPECT_EQ(input_of_first({.resolution = 0}), (Shape{1, 3, 32, 32}));
  EXPECT_EQ(input_of_first({.resolution = 16}), (Shape{1, 3, 16, 16}));
  EXPECT_EQ(input_of_first({.height = 28, .width = 28, .resolution = 16}), (Shape{1, 3, 16, 16}));
  EXPECT_EQ(input_of_first({.height = 24, .width = 48, .resolution = 24}), (Shape{1, 3, 24, 24}));
  EXPECT_EQ(input_of_first({.resolution = 64}), (Shape{1, 3, 32, 32}));
  EXPECT_EQ(count(build_multiplexer({.resolution = 16}), "adaptive_average_pool"), 2);
  EXPECT_EQ(count(build_multiplexer({}), "adaptive_average_pool"), 1);
  EXPECT_LT(build_multiplexer({.resolution = 16}).macs(), build_multiplexer({}).macs());
}

TEST(Multiplexer, BuildsForAnyImageFromOnePixelOn) {
  for (const std::int64_t side : {1, 2, 3, 8, 224}) {
    EXPECT_NO_THROW(build_multiplexer({.channels = 1, .height = side, .width = side})) << side;
  }
}

TEST(Multiplexer, RefusesOptionsBelowOne) {
  const auto message = error_of<std::invalid_argument>([] { build_multiplexer({.models = 0}); });
  EXPECT_TRUE(contains(message, "[build_multiplexer]"));
  EXPECT_TRUE(contains(message, "models and meta_dim of at least 1"));
  const auto negative =
      error_of<std::invalid_argument>([] { build_multiplexer({.resolution = -1}); });
  EXPECT_TRUE(contains(negative, "resolution, classes and hidden of at least 0, received -1"));
}

}  // namespace
}  // namespace muxnet
