#include "muxnet/networks/multiplexer.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/networks/blocks.hpp"

namespace muxnet {
namespace {

void check(const MultiplexerOptions& options) {
  const std::array<std::int64_t, 6> counts = {options.channels, options.height, options.width,
                                              options.filters,  options.models, options.meta_dim};
  require(*std::min_element(counts.begin(), counts.end()) >= 1, "build_multiplexer",
          "channels, height, width, filters, models and meta_dim of at least 1",
          to_string(Shape(counts.begin(), counts.end())));
  require(options.resolution >= 0 && options.classes >= 0 && options.hidden >= 0,
          "build_multiplexer", "resolution, classes and hidden of at least 0",
          text(options.resolution, ", ", options.classes, " and ", options.hidden));
}

/// The image averaged down to the wanted resolution; a side that is small enough stays.
ValueId downscale(Graph& graph, const MultiplexerOptions& options) {
  const auto wanted = [&options](std::int64_t side) {
    return options.resolution == 0 ? side : std::min(side, options.resolution);
  };
  const std::int64_t height = wanted(options.height), width = wanted(options.width);
  if (height == options.height && width == options.width) return graph.input();
  return graph.add("adaptive_average_pool", "downscale", {graph.input()},
                   {{"output", std::vector<std::int64_t>{height, width}}});
}

/// Four convolutions and the mean over all places: (batch, 4 * filters).
ValueId convolutions(Graph& graph, const MultiplexerOptions& options) {
  ValueId value = downscale(graph, options);
  int index = 0;
  for (const std::int64_t factor : {1, 2, 4, 4}) {
    const std::string number = std::to_string(++index);
    const Shape& shape = graph.shape(value);
    // Nothing is left to see below 2x2.
    const std::int64_t stride = std::min(shape.at(2), shape.at(3)) > 2 ? 2 : 1;
    value = conv_norm(graph, value, {"conv" + number, "bn" + number, "relu" + number},
                      {factor * options.filters, 3, stride}, Activation::relu);
  }
  value = graph.add("adaptive_average_pool", "avgpool", {value}, {{"output", std::int64_t{1}}});
  return graph.add("flatten", "flatten", {value});
}

/// The vector itself (batch, channels), or its hidden layer (batch, hidden).
ValueId perceptron(Graph& graph, const MultiplexerOptions& options) {
  require(options.height == 1 && options.width == 1, "build_multiplexer",
          "vectors, of one pixel, for a perceptron",
          text(options.height, " x ", options.width, " pixels"));
  const ValueId vector = graph.add("flatten", "flatten", {graph.input()});
  if (options.hidden == 0) return vector;
  const ValueId hidden = graph.add("linear", "hidden", {vector}, {{"features", options.hidden}});
  return graph.add("relu", "hidden.relu", {hidden});
}

}  // namespace

Graph build_multiplexer(const MultiplexerOptions& options) {
  check(options);
  Graph graph({options.channels, options.height, options.width});
  const bool convolves = options.body == MultiplexerBody::convolutions;
  ValueId value = convolves ? convolutions(graph, options) : perceptron(graph, options);
  if (options.classes > 0) {
    graph.set_output("logits",
                     graph.add("linear", "classes", {value}, {{"features", options.classes}}));
  }

  const std::int64_t groups = options.shared_meta ? 1 : options.models;
  value = graph.add("linear", "meta", {value}, {{"features", groups * options.meta_dim}});
  graph.set_output("meta", graph.add("l2_norm", "meta.norm", {value}, {{"groups", groups}}));
  const std::int64_t scores = options.offload ? 1 : options.models;
  value = graph.add("linear", "v", {value}, {{"features", scores}});
  graph.set_output("scores", value);
  if (options.offload) graph.set_output("offload", graph.add("sigmoid", "offload", {value}));
  return graph;
}

}  // namespace muxnet
