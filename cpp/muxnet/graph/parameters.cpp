#include "muxnet/graph/parameters.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "muxnet/core/error.hpp"
#include "muxnet/core/random.hpp"

namespace muxnet {
namespace {

std::uint64_t hash(const std::string& name) {
  std::uint64_t result = 0;
  for (const char c : name) result = mix(result, static_cast<unsigned char>(c));
  return result;
}

template <class T>
void fill(std::span<T> values, const ParameterEntry& entry, std::uint64_t seed) {
  // One stream per name: adding a layer elsewhere leaves this one's start unchanged.
  Random random(seed, hash(entry.name));
  const double fan = static_cast<double>(entry.spec.fan);
  for (T& value : values) {
    switch (entry.spec.init) {
      case Init::zeros:
        value = 0;
        break;
      case Init::ones:
        value = 1;
        break;
      case Init::kaiming_normal_fan_out:
      case Init::kaiming_normal_fan_in:
        value = static_cast<T>(random.normal() * std::sqrt(2.0 / fan));
        break;
      case Init::kaiming_uniform:
        value = static_cast<T>((2.0 * random.uniform() - 1.0) / std::sqrt(fan));
        break;
    }
  }
}

bool goes_into_relu(const Graph& graph, ValueId value) {
  return std::ranges::any_of(graph.nodes(), [&](const Node& node) {
    return node.op == "relu" && std::ranges::find(node.src, value) != node.src.end();
  });
}

/// What weights start with elsewhere leaves the size of a signal to a batch norm. Straight before a
/// ReLU it would shrink from layer to layer, and training would have to repair that first.
void keep_signal(ParameterSpec& spec) {
  if (!spec.decay) {
    spec.init = Init::zeros;
    return;
  }
  spec.init = Init::kaiming_normal_fan_in;
  spec.fan = volume(spec.shape) / spec.shape.at(0);
}

Tensor slice(const Tensor& flat, const ParameterEntry& entry) {
  return flat.rows(entry.offset, entry.offset + volume(entry.spec.shape))
      .reshaped(entry.spec.shape);
}

}  // namespace

std::vector<ParameterEntry> parameter_entries(const Graph& graph) {
  std::vector<ParameterEntry> entries;
  for (const auto& node : graph.nodes()) {
    auto specs = find_operator(node.op).parameters(graph.src_shapes(node), node.attributes);
    const bool weighted = std::ranges::any_of(specs, &ParameterSpec::decay);
    if (weighted && goes_into_relu(graph, node.dst)) std::ranges::for_each(specs, keep_signal);
    for (auto& spec : specs) {
      std::string name = node.name + "." + spec.name;
      entries.push_back({std::move(name), std::move(spec), 0});
    }
  }
  std::stable_partition(entries.begin(), entries.end(),
                        [](const ParameterEntry& entry) { return entry.spec.trainable; });
  std::int64_t offset = 0;
  for (auto& entry : entries) {
    entry.offset = offset;
    offset += volume(entry.spec.shape);
  }
  return entries;
}

Parameters::Parameters(const Graph& graph, DType dtype, std::uint64_t seed)
    : Parameters(graph, dtype, Zeros{}) {
  gradients_ = Tensor({trainable_}, dtype);
  initialize(seed);
}

Parameters Parameters::zeros(const Graph& graph, DType dtype) {
  Parameters result(graph, dtype, Zeros{});
  result.gradients_ = Tensor({result.trainable_}, dtype);
  return result;
}

Parameters Parameters::for_inference(const Graph& graph, DType dtype) {
  return Parameters(graph, dtype, Zeros{});
}

Parameters::Parameters(const Graph& graph, DType dtype, Zeros)
    : entries_(parameter_entries(graph)) {
  std::int64_t size = 0;
  for (const auto& entry : entries_) {
    size += volume(entry.spec.shape);
    if (entry.spec.trainable) trainable_ = size;
  }
  values_ = Tensor({size}, dtype);
}

void Parameters::initialize(std::uint64_t seed) {
#pragma omp parallel for schedule(static, 1)
  for (const auto& entry : entries_) {
    Tensor tensor = slice(values_, entry);
    if (dtype() == DType::f64) {
      fill(tensor.span<double>(), entry, seed);
    } else {
      fill(tensor.span<float>(), entry, seed);
    }
  }
  changed();
}

const ParameterEntry& Parameters::entry(const std::string& name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const ParameterEntry& e) { return e.name == name; });
  if (found == entries_.end()) {
    throw std::invalid_argument(error_text("parameters", "the name of a parameter", name));
  }
  return *found;
}

Tensor Parameters::value(const std::string& name) const { return slice(values_, entry(name)); }

Tensor Parameters::gradient(const std::string& name) const {
  const auto& found = entry(name);
  if (!found.spec.trainable) {
    throw std::invalid_argument(error_text("parameters.gradient", "a trainable parameter", name));
  }
  return slice(gradients_, found);
}

std::map<std::string, Tensor> Parameters::state() const {
  std::map<std::string, Tensor> result;
  for (const auto& entry : entries_) result.emplace(entry.name, slice(values_, entry));
  return result;
}

void Parameters::load_state(const std::map<std::string, Tensor>& tensors) {
  std::string problems;
  for (const auto& entry : entries_) {
    const auto found = tensors.find(entry.name);
    if (found == tensors.end()) {
      problems += text("\n  missing: ", entry.name, ' ', to_string(entry.spec.shape));
    } else if (found->second.shape() != entry.spec.shape || found->second.dtype() != dtype()) {
      problems += text("\n  misshapen: ", entry.name, ", expected ", name_of(dtype()), ' ',
                       to_string(entry.spec.shape), ", received ", name_of(found->second.dtype()),
                       ' ', to_string(found->second.shape()));
    }
  }
  for (const auto& [name, tensor] : tensors) {
    if (std::ranges::find(entries_, name, &ParameterEntry::name) == entries_.end()) {
      problems += text("\n  extra: ", name, ' ', to_string(tensor.shape()));
    }
  }
  if (!problems.empty()) {  // longer than other messages may be, as it lists them all
    constexpr std::size_t most = 20'000;
    throw std::invalid_argument(
        text("[parameters.load_state] expected the network's own tensors, received other ones:",
             shortened(problems, most)));
  }
  for (const auto& entry : entries_) {
    Tensor target = slice(values_, entry);
    std::memcpy(target.raw(), tensors.at(entry.name).raw(), target.bytes());
  }
  changed();
}

}  // namespace muxnet
