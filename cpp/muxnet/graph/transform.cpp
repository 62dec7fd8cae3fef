#include "muxnet/graph/transform.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "muxnet/ops/activation.hpp"

namespace muxnet {
namespace {

/// For each value the node that makes it; nullptr for the input.
std::vector<const Node*> producers(const Graph& graph) {
  std::vector<const Node*> result(static_cast<std::size_t>(graph.values()), nullptr);
  for (const auto& node : graph.nodes()) result[static_cast<std::size_t>(node.dst)] = &node;
  return result;
}

/// What becomes of nodes: some are drawn into others, which change.
struct Rewrite {
  std::map<const Node*, ValueId> absorbed;  ///< the value that stands for the node's own
  std::map<const Node*, Node> changed;
};

Graph rebuild(const Graph& graph, const Rewrite& rewrite) {
  const Shape& input = graph.shape(graph.input());
  Graph result({input.begin() + 1, input.end()});
  std::vector<ValueId> renamed(static_cast<std::size_t>(graph.values()), 0);
  const auto now = [&](ValueId value) { return renamed[static_cast<std::size_t>(value)]; };
  for (const auto& original : graph.nodes()) {
    ValueId& dst = renamed[static_cast<std::size_t>(original.dst)];
    const auto absorbed = rewrite.absorbed.find(&original);
    if (absorbed != rewrite.absorbed.end()) {
      dst = now(absorbed->second);
      continue;
    }
    const auto changed = rewrite.changed.find(&original);
    const Node& node = changed == rewrite.changed.end() ? original : changed->second;
    std::vector<ValueId> src;
    for (const ValueId value : node.src) src.push_back(now(value));
    dst = result.add(node.op, node.name, src, node.attributes);
  }
  for (const auto& [name, value] : graph.outputs()) result.set_output(name, now(value));
  return result;
}

bool activated(const Node& node) { return fused_activation(node.attributes) != Activation::none; }

/// The convolution whose only reader is this batch norm, if there is one.
const Node* foldable_convolution(const Node& node, const std::vector<const Node*>& made_by,
                                 const std::vector<int>& readers) {
  if (node.op != "batch_norm") return nullptr;
  const auto src = static_cast<std::size_t>(node.src.front());
  const Node* convolution = made_by[src];
  const bool fits = convolution != nullptr && convolution->op == "conv2d" && readers[src] == 1 &&
                    !activated(*convolution);
  return fits ? convolution : nullptr;
}

std::map<const Node*, const Node*> foldable(const Graph& graph) {
  const auto readers = count_readers(graph);
  const auto made_by = producers(graph);
  std::map<const Node*, const Node*> result;  // batch norm -> convolution
  for (const auto& node : graph.nodes()) {
    if (const Node* convolution = foldable_convolution(node, made_by, readers)) {
      result[&node] = convolution;
    }
  }
  return result;
}

template <class T>
void fold(const Parameters& parameters, const Node& convolution, const Node& norm,
          Parameters& folded) {
  const auto read = [&](const Node& node, const char* name) {
    return parameters.value(node.name + name);
  };
  const Tensor weight = read(convolution, ".weight");
  const Tensor scale = read(norm, ".weight"), shift = read(norm, ".bias");
  const Tensor mean = read(norm, ".running_mean"), variance = read(norm, ".running_var");
  Tensor new_weight = folded.value(convolution.name + ".weight");
  Tensor new_bias = folded.value(convolution.name + ".bias");
  const double eps = norm.attributes.number("eps", 1e-5);
  const bool has_bias = convolution.attributes.integer("bias", 0) != 0;
  const Tensor bias = has_bias ? read(convolution, ".bias") : Tensor();
  const std::int64_t channels = weight.dim(0);
  const std::int64_t taps = weight.size() / channels;
  for (std::int64_t c = 0; c < channels; ++c) {
    const T factor = static_cast<T>(scale.data<T>()[c] / std::sqrt(variance.data<T>()[c] + eps));
    const T start = has_bias ? bias.data<T>()[c] : T{0};
    new_bias.data<T>()[c] = (start - mean.data<T>()[c]) * factor + shift.data<T>()[c];
    for (std::int64_t i = c * taps; i < (c + 1) * taps; ++i) {
      new_weight.data<T>()[i] = weight.data<T>()[i] * factor;
    }
  }
}

}  // namespace

Graph fuse_activations(const Graph& graph, Mode mode) {
  const auto readers = count_readers(graph);
  const auto made_by = producers(graph);
  Rewrite rewrite;
  for (const auto& node : graph.nodes()) {
    if (node.op != "relu" && node.op != "relu6") continue;
    const auto src = static_cast<std::size_t>(node.src.front());
    const Node* before = made_by[src];
    if (before == nullptr || readers[src] != 1 || activated(*before)) continue;
    const bool convolution = before->op == "conv2d" && mode == Mode::infer;
    const bool other = before->op == "batch_norm" || before->op == "add";
    if (!convolution && !(other && node.op == "relu")) continue;
    rewrite.absorbed.emplace(&node, node.src.front());
    Node changed = *before;
    changed.attributes.set(node.op, std::int64_t{1});
    rewrite.changed.emplace(before, std::move(changed));
  }
  return rebuild(graph, rewrite);
}

Graph fuse_additions(const Graph& graph) {
  const auto readers = count_readers(graph);
  const auto made_by = producers(graph);
  Rewrite rewrite;
  for (const auto& node : graph.nodes()) {
    if (node.op != "add") continue;
    // The later of the two, so that the other is there already.
    const auto [other, last] = std::minmax(node.src[0], node.src[1]);
    const Node* convolution = made_by[static_cast<std::size_t>(last)];
    if (convolution == nullptr || convolution->op != "conv2d" || convolution->src.size() > 1 ||
        readers[static_cast<std::size_t>(last)] != 1 || activated(*convolution)) {
      continue;
    }
    rewrite.absorbed.emplace(&node, last);
    Node changed = *convolution;
    changed.src.push_back(other);
    if (activated(node)) changed.attributes.set("relu", std::int64_t{1});
    rewrite.changed.emplace(convolution, std::move(changed));
  }
  return rebuild(graph, rewrite);
}

Graph fold_batch_norm(const Graph& graph) {
  Rewrite rewrite;
  for (const auto& [norm, convolution] : foldable(graph)) {
    rewrite.absorbed.emplace(norm, convolution->dst);
    Node changed = *convolution;
    changed.attributes.set("bias", std::int64_t{1});
    if (activated(*norm)) changed.attributes.set("relu", std::int64_t{1});
    rewrite.changed.emplace(convolution, std::move(changed));
  }
  return rebuild(graph, rewrite);
}

Graph fuse(const Graph& graph, Mode mode) {
  if (mode == Mode::train) return fuse_activations(graph, mode);
  return fuse_additions(fuse_activations(fold_batch_norm(graph), mode));
}

void fold_parameters(const Graph& graph, const Parameters& parameters,
                     Parameters& folded_parameters) {
  std::set<std::string> done;
  for (const auto& [norm, convolution] : foldable(graph)) {
    if (parameters.dtype() == DType::f64) {
      fold<double>(parameters, *convolution, *norm, folded_parameters);
    } else {
      fold<float>(parameters, *convolution, *norm, folded_parameters);
    }
    done.insert(convolution->name + ".weight");
    done.insert(convolution->name + ".bias");
  }
  for (const auto& entry : folded_parameters.entries()) {
    if (done.count(entry.name) > 0) continue;
    Tensor target = folded_parameters.value(entry.name);
    std::memcpy(target.raw(), parameters.value(entry.name).raw(), target.bytes());
  }
  folded_parameters.changed();
}

}  // namespace muxnet
