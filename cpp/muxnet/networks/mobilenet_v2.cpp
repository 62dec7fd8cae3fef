// Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", arXiv 1801.04381.
#include "muxnet/networks/blocks.hpp"
#include "muxnet/networks/families.hpp"

namespace muxnet {
namespace {

/// `blocks` inverted residuals; the first one changes channels and stride.
struct Stage {
  std::int64_t expansion;
  std::int64_t channels;
  int blocks;
  std::int64_t stride;
};

struct Configuration {
  const char* name;
  const char* title;
  std::int64_t stem;  ///< channels of the first convolution, of stride 2
  std::vector<Stage> stages;
  std::int64_t last;  ///< channels of the last 1x1 convolution: the embedding
  double dropout;
};

const std::vector<Configuration>& configurations() {
  static const std::vector<Configuration> table = {
      {"mobilenet_v2_small",
       "5 inverted residuals of 16 to 64 channels, for 28-64 pixels",
       16,
       {{1, 16, 1, 1}, {4, 32, 2, 2}, {4, 64, 2, 2}},
       128,
       0.0},
      {"mobilenet_v2",
       "torchvision's mobilenet_v2 for 224 pixels",
       32,
       {{1, 16, 1, 1},
        {6, 24, 2, 2},
        {6, 32, 3, 2},
        {6, 64, 4, 2},
        {6, 96, 3, 1},
        {6, 160, 3, 2},
        {6, 320, 1, 1}},
       1280,
       0.2},
  };
  return table;
}

/// Expand (1x1), depthwise (3x3), project (1x1, linear); added to src where the shapes agree.
ValueId inverted_residual(Graph& graph, ValueId src, const std::string& name, const Stage& stage,
                          std::int64_t stride) {
  const std::int64_t input = channels_of(graph, src);
  const std::int64_t hidden = input * stage.expansion;
  int index = 0;
  const auto next = [&] { return name + ".conv." + std::to_string(index++); };

  ValueId value = src;
  if (stage.expansion != 1) {
    value = conv_norm(graph, value, ConvNames::sequential(next()), {hidden, 1}, Activation::relu6);
  }
  value = conv_norm(graph, value, ConvNames::sequential(next()), {hidden, 3, stride, hidden},
                    Activation::relu6);
  const std::string project = next();
  value = conv_norm(graph, value, {project, next()}, {stage.channels, 1}, Activation::none);
  if (stride != 1 || input != stage.channels) return value;
  return graph.add("add", name + ".add", {src, value});
}

Graph mobilenet_v2(const Configuration& configuration, const NetworkOptions& options) {
  Graph graph({options.channels, options.height, options.width});
  int index = 0;
  const auto next = [&index] { return "features." + std::to_string(index++); };

  ValueId value = conv_norm(graph, graph.input(), ConvNames::sequential(next()),
                            {configuration.stem, 3, 2}, Activation::relu6);
  for (const Stage& stage : configuration.stages) {
    for (int block = 0; block < stage.blocks; ++block) {
      value = inverted_residual(graph, value, next(), stage, block == 0 ? stage.stride : 1);
    }
  }
  value = conv_norm(graph, value, ConvNames::sequential(next()), {configuration.last, 1},
                    Activation::relu6);
  add_head(graph, value, {"avgpool", "classifier.0", "classifier.1"},
           options.dropout.value_or(configuration.dropout), options.classes);
  return graph;
}

}  // namespace

void add_mobilenet_v2(NetworkRegister& networks) {
  for (const Configuration& row : configurations()) {
    networks.add({row.name, row.title, "mobilenet_v2",
                  [&row](const NetworkOptions& options) { return mobilenet_v2(row, options); }});
  }
}

}  // namespace muxnet
