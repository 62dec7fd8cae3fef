// Tan et al., "MnasNet: Platform-Aware Neural Architecture Search for Mobile", arXiv 1807.11626.
#include "muxnet/networks/blocks.hpp"
#include "muxnet/networks/families.hpp"

namespace muxnet {
namespace {

/// `blocks` inverted residuals; the first one changes channels and stride.
struct Stage {
  std::int64_t kernel;
  std::int64_t stride;
  std::int64_t expansion;
  std::int64_t channels;
  int blocks;
};

struct Configuration {
  const char* name;
  const char* title;
  std::int64_t stem;       ///< channels of the first convolution, of stride 2
  std::int64_t separable;  ///< channels after the depthwise-separable convolution that follows it
  std::vector<Stage> stages;
  std::int64_t last;  ///< channels of the last 1x1 convolution: the embedding
  double dropout;
};

const std::vector<Configuration>& configurations() {
  static const std::vector<Configuration> table = {
      {"mnasnet1_0_small",
       "5 inverted residuals (3x3 and 5x5) of 32 to 96 channels, for 28-64 pixels",
       32,
       16,
       {{3, 2, 3, 32, 2}, {5, 2, 6, 64, 2}, {3, 1, 6, 96, 1}},
       192,
       0.0},
      {"mnasnet1_0",
       "torchvision's mnasnet1_0 for 224 pixels",
       32,
       16,
       {{3, 2, 3, 24, 3},
        {5, 2, 3, 40, 3},
        {5, 2, 6, 80, 3},
        {3, 1, 6, 96, 2},
        {5, 2, 6, 192, 4},
        {3, 1, 6, 320, 1}},
       1280,
       0.2},
  };
  return table;
}

/// Expand (1x1), depthwise (k x k), project (1x1, linear); added to src where the shapes agree.
ValueId inverted_residual(Graph& graph, ValueId src, const std::string& name, const Stage& stage,
                          std::int64_t stride) {
  const std::int64_t input = channels_of(graph, src);
  const std::int64_t hidden = input * stage.expansion;
  const std::string layers = name + ".layers";
  ValueId value =
      conv_norm(graph, src, ConvNames::sequential(layers, 0), {hidden, 1}, Activation::relu);
  value = conv_norm(graph, value, ConvNames::sequential(layers, 3),
                    {hidden, stage.kernel, stride, hidden}, Activation::relu);
  value = conv_norm(graph, value, ConvNames::sequential(layers, 6), {stage.channels, 1},
                    Activation::none);
  if (stride != 1 || input != stage.channels) return value;
  return graph.add("add", name + ".add", {src, value});
}

Graph mnasnet(const Configuration& configuration, const NetworkOptions& options) {
  Graph graph({options.channels, options.height, options.width});
  const std::int64_t stem = configuration.stem;
  ValueId value = conv_norm(graph, graph.input(), ConvNames::sequential("layers", 0), {stem, 3, 2},
                            Activation::relu);
  value = conv_norm(graph, value, ConvNames::sequential("layers", 3), {stem, 3, 1, stem},
                    Activation::relu);
  value = conv_norm(graph, value, ConvNames::sequential("layers", 6), {configuration.separable, 1},
                    Activation::none);
  int index = 8;
  for (const Stage& stage : configuration.stages) {
    const std::string prefix = "layers." + std::to_string(index++) + ".";
    for (int block = 0; block < stage.blocks; ++block) {
      value = inverted_residual(graph, value, prefix + std::to_string(block), stage,
                                block == 0 ? stage.stride : 1);
    }
  }
  value = conv_norm(graph, value, ConvNames::sequential("layers", index), {configuration.last, 1},
                    Activation::relu);
  add_head(graph, value, {"avgpool", "classifier.0", "classifier.1"},
           options.dropout.value_or(configuration.dropout), options.classes);
  return graph;
}

}  // namespace

void add_mnasnet(NetworkRegister& networks) {
  for (const Configuration& row : configurations()) {
    networks.add({row.name, row.title, "mnasnet",
                  [&row](const NetworkOptions& options) { return mnasnet(row, options); }});
  }
}

}  // namespace muxnet
