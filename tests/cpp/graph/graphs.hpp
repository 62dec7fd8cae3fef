#pragma once

#include <cmath>

#include "muxnet/core/random.hpp"
#include "muxnet/graph/graph.hpp"
#include "muxnet/graph/parameters.hpp"

namespace muxnet::testing {

using Int = std::int64_t;

/// A residual network with everything that plans treat specially: fused and unfused ReLU, an
/// addition whose inputs share a gradient, a value read three times, layouts that differ, two
/// outputs on one path.
inline Graph residual_graph(Int channels = 16, bool relu6 = true) {
  Graph graph({3, 8, 8});
  const auto conv = [&](const std::string& name, ValueId src, Int kernel, Int groups) {
    return graph.add(
        "conv2d", name, {src},
        {{"channels", channels}, {"kernel", kernel}, {"padding", kernel / 2}, {"groups", groups}});
  };
  ValueId value = graph.add("batch_norm", "bn1", {conv("conv1", graph.input(), 3, 1)});
  const ValueId stem = graph.add("relu", "relu1", {value});
  value = graph.add("batch_norm", "bn2", {conv("conv2", stem, 3, channels)});
  value = graph.add(relu6 ? "relu6" : "relu", "relu2", {value});
  value = graph.add("add", "add1", {value, stem});
  const ValueId joined = graph.add("relu", "relu3", {value});
  value = graph.add("batch_norm", "bn3", {conv("conv3", joined, 1, 1)});
  value = graph.add("add", "add2", {graph.add("add", "add3", {value, stem}), joined});
  value = graph.add("max_pool", "pool", {value}, {{"kernel", Int{2}}, {"stride", Int{2}}});
  value = graph.add("adaptive_average_pool", "avgpool", {value}, {{"output", Int{1}}});
  value = graph.add("flatten", "flatten", {value});
  graph.set_output("embedding", value);
  graph.set_output("logits", graph.add("linear", "fc", {value}, {{"features", Int{5}}}));
  graph.set_output("unit", graph.add("l2_norm", "unit", {value}));
  return graph;
}

template <class T>
void fill_normal(Tensor& tensor, std::uint64_t seed) {
  Random random(seed);
  for (T& value : tensor.span<T>()) value = static_cast<T>(random.normal());
}

/// Running statistics as after some training, so that folding has something to fold.
inline void set_statistics(Parameters& parameters) {
  Random random(3);
  for (const auto& entry : parameters.entries()) {
    const bool variance = entry.spec.name == "running_var";
    if (!variance && entry.spec.name != "running_mean") continue;
    Tensor tensor = parameters.value(entry.name);
    for (Int i = 0; i < tensor.size(); ++i) {
      const double drawn = variance ? 0.5 + random.uniform() : 0.3 * random.normal();
      if (tensor.dtype() == DType::f64) {
        tensor.data<double>()[i] = drawn;
      } else {
        tensor.data<float>()[i] = static_cast<float>(drawn);
      }
    }
  }
  parameters.changed();
}

}  // namespace muxnet::testing
