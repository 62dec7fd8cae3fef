// He et al., "Deep Residual Learning for Image Recognition", arXiv 1512.03385, with the stride in
// the 3x3 convolution as torchvision has it; Xie et al., "Aggregated Residual Transformations for
// Deep Neural Networks" (ResNeXt: the 3x3 convolution in groups), arXiv 1611.05431.
#include "muxnet/networks/blocks.hpp"
#include "muxnet/networks/families.hpp"

namespace muxnet {
namespace {

/// `blocks` bottlenecks; from the second stage on the first one halves rows and columns.
struct Stage {
  int blocks;
  std::int64_t width;     ///< channels of the 3x3 convolution
  std::int64_t groups;    ///< of the 3x3 convolution
  std::int64_t channels;  ///< that leave the block
};

struct Configuration {
  const char* name;
  const char* title;
  ConvOptions stem;  ///< followed by a 3x3 max pool of stride 2
  std::vector<Stage> stages;
  double dropout;
};

// The small members keep the block and halve its expansion (4 to 2): at these widths the 3x3
// convolutions, which see the neighbourhood, are worth more per MAC than wide 1x1 ones.
// Groups have 16 channels, the block of oneDNN's nChw16c layout; with 8 a group, as the full
// resnext101_32x8d has, oneDNN 2.6 falls to its reference code, a thousand times slower.
const std::vector<Configuration>& configurations() {
  static const std::vector<Configuration> table = {
      {"resnet50_small",
       "3 bottlenecks of 64 to 192 channels, for 28-64 pixels",
       {32, 3, 1},
       {{1, 32, 1, 64}, {1, 48, 1, 96}, {1, 96, 1, 192}},
       0.0},
      {"resnet152_small",
       "8 bottlenecks of 64 to 192 channels, for 28-64 pixels",
       {32, 3, 1},
       {{2, 32, 1, 64}, {3, 48, 1, 96}, {3, 96, 1, 192}},
       0.0},
      {"resnext101_32x8d_small",
       "6 bottlenecks of 128 to 512 channels in 4 to 16 groups of 16, for 28-64 pixels",
       {64, 3, 1},
       {{2, 64, 4, 128}, {2, 128, 8, 256}, {2, 256, 16, 512}},
       0.0},
      {"resnet50",
       "torchvision's resnet50 for 224 pixels",
       {64, 7, 2},
       {{3, 64, 1, 256}, {4, 128, 1, 512}, {6, 256, 1, 1024}, {3, 512, 1, 2048}},
       0.0},
      {"resnet152",
       "torchvision's resnet152 for 224 pixels",
       {64, 7, 2},
       {{3, 64, 1, 256}, {8, 128, 1, 512}, {36, 256, 1, 1024}, {3, 512, 1, 2048}},
       0.0},
      {"resnext101_32x8d",
       "torchvision's resnext101_32x8d for 224 pixels",
       {64, 7, 2},
       {{3, 256, 32, 256}, {4, 512, 32, 512}, {23, 1024, 32, 1024}, {3, 2048, 32, 2048}},
       0.0},
  };
  return table;
}

/// Reduce (1x1), 3x3, restore (1x1), added to src or to its projection by a strided 1x1.
ValueId bottleneck(Graph& graph, ValueId src, const std::string& name, const Stage& stage,
                   std::int64_t stride) {
  const auto names = [&name](const std::string& index) {
    return ConvNames{name + ".conv" + index, name + ".bn" + index, name + ".relu" + index};
  };
  ValueId value = conv_norm(graph, src, names("1"), {stage.width, 1}, Activation::relu);
  value =
      conv_norm(graph, value, names("2"), {stage.width, 3, stride, stage.groups}, Activation::relu);
  value = conv_norm(graph, value, names("3"), {stage.channels, 1}, Activation::none);
  ValueId shortcut = src;
  if (stride != 1 || channels_of(graph, src) != stage.channels) {
    shortcut = conv_norm(graph, src, ConvNames::sequential(name + ".downsample"),
                         {stage.channels, 1, stride}, Activation::none);
  }
  value = graph.add("add", name + ".add", {value, shortcut});
  return graph.add("relu", name + ".relu3", {value});
}

Graph resnet(const Configuration& configuration, const NetworkOptions& options) {
  Graph graph({options.channels, options.height, options.width});
  ValueId value = conv_norm(graph, graph.input(), {"conv1", "bn1", "relu"}, configuration.stem,
                            Activation::relu);
  value = graph.add(
      "max_pool", "maxpool", {value},
      {{"kernel", std::int64_t{3}}, {"stride", std::int64_t{2}}, {"padding", std::int64_t{1}}});
  int index = 0;
  for (const Stage& stage : configuration.stages) {
    const std::string layer = "layer" + std::to_string(++index) + ".";
    for (int block = 0; block < stage.blocks; ++block) {
      const std::int64_t stride = block == 0 && index > 1 ? 2 : 1;
      value = bottleneck(graph, value, layer + std::to_string(block), stage, stride);
    }
  }
  add_head(graph, value, {"avgpool", "dropout", "fc"},
           options.dropout.value_or(configuration.dropout), options.classes);
  return graph;
}

}  // namespace

void add_resnet(NetworkRegister& networks) {
  for (const Configuration& row : configurations()) {
    networks.add({row.name, row.title, "resnet",
                  [&row](const NetworkOptions& options) { return resnet(row, options); }});
  }
}

}  // namespace muxnet
