// Every distinct operator of the zoo's small networks at the training batch, forward and backward,
// by each backend that can do it: what a training step is made of, and what to mend.
//   operator_benchmark --benchmark_filter='conv2d/onednn.*backward'
#include <benchmark/benchmark.h>

#include <algorithm>
#include <map>
#include <set>

#include "muxnet/core/random.hpp"
#include "muxnet/networks/network.hpp"
#include "muxnet/ops/kernel.hpp"
#include "muxnet/ops/operator.hpp"

namespace muxnet {
namespace {

constexpr std::int64_t batch = 128;
constexpr const char* small = "_small";

/// A kernel with all the memory that it works on, filled with normal numbers.
class Prepared {
 public:
  Prepared(const KernelSpec& spec, Backend backend) : kernel_(make_kernel(spec, backend)) {
    for (std::size_t i = 0; i < spec.src.size(); ++i) {
      arguments_.src.push_back(filled(storage_size(spec.src[i], kernel_->src_layout(i))));
      arguments_.diff_src.push_back(spec.needs_diff_src
                                        ? filled(storage_size(spec.src[i], kernel_->src_layout(i)))
                                        : nullptr);
    }
    const std::int64_t dst = storage_size(spec.dst, kernel_->dst_layout());
    arguments_.dst = filled(dst);
    arguments_.diff_dst = filled(dst);
    for (const auto& p : find_operator(spec.op).parameters(spec.src, spec.attributes)) {
      arguments_.parameters.push_back(filled(volume(p.shape)));
      arguments_.diff_parameters.push_back(p.trainable ? filled(volume(p.shape)) : nullptr);
    }
    arguments_.workspace = bytes(kernel_->workspace_bytes());
    arguments_.scratch =
        bytes(std::max(kernel_->forward_scratch_bytes(), kernel_->backward_scratch_bytes()));
  }

  void forward() {
    ++arguments_.parameters_version;  // as in training, where they change at each step
    kernel_->forward(arguments_);
  }
  void backward() { kernel_->backward(arguments_); }
  std::string implementation() const { return kernel_->implementation(); }

 private:
  void* filled(std::int64_t elements) {
    Tensor& tensor = memory_.emplace_back(Shape{elements});
    Random random(memory_.size());
    for (float& value : tensor.span<float>()) {
      const auto drawn = static_cast<float>(random.normal());
      value = 0.5F + drawn * drawn;  // positive, as variances are
    }
    return tensor.raw();
  }
  void* bytes(std::size_t count) {
    return memory_.emplace_back(Shape{static_cast<std::int64_t>(count)}, DType::u8).raw();
  }

  std::unique_ptr<Kernel> kernel_;
  KernelArguments arguments_;
  std::vector<Tensor> memory_;
};

KernelSpec spec_of(const Graph& graph, const Node& node) {
  KernelSpec spec;
  spec.op = node.op;
  spec.attributes = node.attributes;
  spec.src = graph.src_shapes(node);
  spec.dst = graph.shape(node.dst);
  spec.dst.front() = batch;
  spec.needs_diff_src = node.src.front() != graph.input();
  for (Shape& shape : spec.src) {
    shape.front() = batch;
    const bool blocked = shape.size() == 4 && shape[1] % 16 == 0;
    spec.src_layouts.push_back(blocked ? Layout::nChw16c : Layout::nchw);
  }
  return spec;
}

std::string describe(const Graph& graph, const Node& node) {
  std::string result = to_string(graph.src_shapes(node).front());
  for (const char* key : {"channels", "kernel", "stride", "groups"}) {
    const auto& values = node.attributes.values();
    const auto found = values.find(key);
    if (found == values.end()) continue;
    result += std::string(" ") + key;
    if (const auto* list = std::get_if<std::vector<std::int64_t>>(&found->second)) {
      result += to_string(*list);
    } else if (const auto* number = std::get_if<std::int64_t>(&found->second)) {
      result += "=" + std::to_string(*number);
    }
  }
  return result;
}

void measure(benchmark::State& state, const KernelSpec& spec, Backend backend, bool backward,
             double macs) {
  Prepared prepared(spec, backend);
  prepared.forward();
  for (auto _ : state) {
    if (backward) {
      prepared.backward();
    } else {
      prepared.forward();
    }
  }
  state.SetLabel(prepared.implementation());
  // Backward of what multiplies is two products: for the weights and, if wanted, for the inputs.
  const double products = !backward ? 1 : spec.needs_diff_src ? 2 : 1;
  const double work = macs * static_cast<double>(batch) * products;
  state.counters["GMAC/s"] =
      benchmark::Counter(work / 1e9, benchmark::Counter::kIsIterationInvariantRate);
}

void register_network(const std::string& name, std::set<std::string>& known) {
  const Graph graph = build_network(name);
  for (const Node& node : graph.nodes()) {
    const std::string shape = describe(graph, node);
    if (!known.insert(node.op + shape).second) continue;
    const KernelSpec spec = spec_of(graph, node);
    const auto macs = static_cast<double>(graph.macs(node));
    for (const Backend backend : backends_for(spec)) {
      if (backend == Backend::reference && backends_for(spec).size() > 1) continue;
      for (const bool backward : {false, true}) {
        const std::string title = node.op + "/" + std::string(name_of(backend)) + "/" + shape +
                                  (backward ? "/backward" : "/forward");
        benchmark::RegisterBenchmark(
            title.c_str(),
            [=](benchmark::State& state) { measure(state, spec, backend, backward, macs); })
            ->Unit(benchmark::kMillisecond)
            ->UseRealTime();
      }
    }
  }
}

}  // namespace
}  // namespace muxnet

int main(int count, char** arguments) {
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 1;
  std::set<std::string> known;
  for (const auto& name : muxnet::networks().names()) {
    if (name.ends_with(muxnet::small)) muxnet::register_network(name, known);
  }
  benchmark::RunSpecifiedBenchmarks();
}
