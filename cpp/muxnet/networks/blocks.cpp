#include "muxnet/networks/blocks.hpp"

namespace muxnet {

ConvNames ConvNames::sequential(const std::string& prefix, int first) {
  const auto name = [&](int index) { return prefix + "." + std::to_string(first + index); };
  return {name(0), name(1), name(2)};
}

ValueId conv_norm(Graph& graph, ValueId src, const ConvNames& names, const ConvOptions& options,
                  Activation activation) {
  ValueId value = graph.add("conv2d", names.conv, {src},
                            {{"channels", options.channels},
                             {"kernel", options.kernel},
                             {"stride", options.stride},
                             {"padding", (options.kernel - 1) / 2},
                             {"groups", options.groups},
                             {"bias", std::int64_t{0}}});
  value = graph.add("batch_norm", names.norm, {value});
  if (activation == Activation::none) return value;
  return graph.add(activation == Activation::relu ? "relu" : "relu6", names.activation, {value});
}

std::int64_t channels_of(const Graph& graph, ValueId value) { return graph.shape(value).at(1); }

void add_head(Graph& graph, ValueId src, const HeadNames& names, double dropout,
              std::int64_t classes) {
  ValueId value =
      graph.add("adaptive_average_pool", names.pool, {src}, {{"output", std::int64_t{1}}});
  value = graph.add("flatten", names.pool + ".flatten", {value});
  graph.set_output("embedding", value);
  if (dropout > 0) value = graph.add("dropout", names.dropout, {value}, {{"p", dropout}});
  value = graph.add("linear", names.linear, {value}, {{"features", classes}});
  graph.set_output("logits", value);
}

}  // namespace muxnet
