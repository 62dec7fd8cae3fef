// Krizhevsky, "One weird trick for parallelizing convolutional neural networks", arXiv 1404.5997.
#include "muxnet/networks/blocks.hpp"
#include "muxnet/networks/families.hpp"

namespace muxnet {
namespace {

struct Layer {
  ConvOptions conv;
  bool pool = false;  ///< followed by a 3x3 max pool of stride 2
};

struct Configuration {
  const char* name;
  const char* title;
  std::vector<Layer> layers;
  std::int64_t pooled;  ///< rows and columns that reach the classifier
  std::int64_t hidden;  ///< features of its two hidden layers
  double dropout;
};

const std::vector<Configuration>& configurations() {
  static const std::vector<Configuration> table = {
      {"alexnet_small",
       "5 convolutions of 16 to 48 channels, 3 linear layers of 128, for 28-64 pixels",
       {{{16, 5, 2}, true}, {{32, 3}, true}, {{48, 3}}, {{32, 3}}, {{32, 3}}},
       2,
       128,
       0.1},
      {"alexnet",
       "torchvision's alexnet for 224 pixels",
       {{{64, 11, 4}, true}, {{192, 5}, true}, {{384, 3}}, {{256, 3}}, {{256, 3}, true}},
       6,
       4096,
       0.5},
  };
  return table;
}

/// features.0, .1, ...: convolution with bias, ReLU and, where asked for, max pool.
ValueId features(Graph& graph, const std::vector<Layer>& layers) {
  int index = 0;
  const auto name = [&index] { return "features." + std::to_string(index++); };
  ValueId value = graph.input();
  for (const auto& [conv, pool] : layers) {
    // The first kernel of the full network (11, stride 4) is padded by 2, not by (11 - 1) / 2.
    const std::int64_t padding = conv.kernel > 5 ? 2 : (conv.kernel - 1) / 2;
    value = graph.add("conv2d", name(), {value},
                      {{"channels", conv.channels},
                       {"kernel", conv.kernel},
                       {"stride", conv.stride},
                       {"padding", padding},
                       {"bias", std::int64_t{1}}});
    value = graph.add("relu", name(), {value});
    if (!pool) continue;
    value = graph.add("max_pool", name(), {value},
                      {{"kernel", std::int64_t{3}}, {"stride", std::int64_t{2}}});
  }
  return value;
}

Graph alexnet(const Configuration& configuration, const NetworkOptions& options) {
  Graph graph({options.channels, options.height, options.width});
  ValueId value = features(graph, configuration.layers);
  value =
      graph.add("adaptive_average_pool", "avgpool", {value}, {{"output", configuration.pooled}});
  value = graph.add("flatten", "flatten", {value});

  const double dropout = options.dropout.value_or(configuration.dropout);
  for (int layer = 0; layer < 2; ++layer) {
    const auto name = [layer](int index) {
      return "classifier." + std::to_string(3 * layer + index);
    };
    if (dropout > 0) value = graph.add("dropout", name(0), {value}, {{"p", dropout}});
    value = graph.add("linear", name(1), {value}, {{"features", configuration.hidden}});
    value = graph.add("relu", name(2), {value});
  }
  graph.set_output("embedding", value);
  graph.set_output("logits",
                   graph.add("linear", "classifier.6", {value}, {{"features", options.classes}}));
  return graph;
}

}  // namespace

void add_alexnet(NetworkRegister& networks) {
  for (const Configuration& row : configurations()) {
    networks.add({row.name, row.title, "alexnet",
                  [&row](const NetworkOptions& options) { return alexnet(row, options); }});
  }
}

}  // namespace muxnet
