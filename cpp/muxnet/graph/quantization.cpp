#include "muxnet/graph/quantization.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "muxnet/core/error.hpp"
#include "muxnet/graph/plan.hpp"
#include "muxnet/graph/transform.hpp"
#include "muxnet/ops/activation.hpp"

namespace muxnet {
namespace {

constexpr std::int64_t images_at_once = 8;
constexpr std::size_t bins = 2048;
using Histogram = std::array<double, bins>;

bool moves_values(const Node& node) { return node.op == "max_pool"; }

/// For each value whether it cannot be negative.
std::vector<bool> never_negative(const Graph& graph) {
  std::vector<bool> result(static_cast<std::size_t>(graph.values()), false);
  for (const Node& node : graph.nodes()) {
    const bool activated = fused_activation(node.attributes) != Activation::none ||
                           node.op == "relu" || node.op == "relu6";
    const bool keeps = moves_values(node) || node.op == "adaptive_average_pool" ||
                       node.op == "average_pool" || node.op == "flatten" || node.op == "dropout";
    result[static_cast<std::size_t>(node.dst)] =
        activated || (keeps && result[static_cast<std::size_t>(node.src.front())]);
  }
  return result;
}

/// A value that some operator reads as integers.
struct Read {
  ValueId value = 0;
  std::string name;
  DType dtype = DType::s8;
};

/// What its activations are.
struct Observed {
  Read read;
  float reach = 0;  ///< greatest magnitude
  Histogram magnitudes{};

  void add_reach(std::span<const float> activations) {
    const auto wrong = std::ranges::find_if(activations, [](float x) { return !std::isfinite(x); });
    if (wrong != activations.end()) {
      throw std::invalid_argument(
          error_text(text("int8, ", read.name), "finite activations", text(*wrong)));
    }
    for (const float x : activations) reach = std::max(reach, std::abs(x));
  }
  void count(std::span<const float> activations) {
    const float to_bin = reach > 0 ? static_cast<float>(bins) / reach : 0;
    for (const float x : activations) {
      const auto bin = static_cast<std::size_t>(std::abs(x) * to_bin);
      magnitudes[std::min(bin, bins - 1)] += 1;
    }
  }
};

/// Of magnitudes cut off after `kept` bins: those below are rounded to steps, which errs by
/// step^2 / 12 in the mean; those above lose what they are above. In bins, not divided by the
/// count.
double squared_error(const Histogram& magnitudes, std::size_t kept, double levels) {
  const double step = static_cast<double>(kept) / levels;
  double error = 0;
  for (std::size_t bin = 0; bin < bins; ++bin) {
    const double above = static_cast<double>(bin) + 0.5 - static_cast<double>(kept);
    error += magnitudes[bin] * (above > 0 ? above * above : step * step / 12);
  }
  return error;
}

float best_range(const Observed& observed) {
  constexpr float least_reach =
      1e-30F;  // smaller ones would make scales that are no normal numbers
  if (observed.reach < least_reach) return 1;
  const auto levels = static_cast<double>(greatest(observed.read.dtype));
  std::size_t best = bins;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t kept = bins; kept >= bins / 16; kept -= bins / 256) {
    const double error = squared_error(observed.magnitudes, kept, levels);
    if (error < least) std::tie(least, best) = std::pair(error, kept);
  }
  return observed.reach * static_cast<float>(best) / static_cast<float>(bins);
}

std::vector<Read> read_as_integers(const Graph& fused) {
  const auto positive = never_negative(fused);
  std::vector<bool> wanted(static_cast<std::size_t>(fused.values()), false);
  std::vector<std::string> names(wanted.size(), graph_input);
  for (const Node& node : fused.nodes()) {
    names[static_cast<std::size_t>(node.dst)] = node.name;
    if (!computes_int8(node)) continue;
    for (const ValueId value : node.src) wanted[static_cast<std::size_t>(value)] = true;
  }
  std::vector<Read> result;
  for (std::size_t value = 0; value < wanted.size(); ++value) {
    if (!wanted[value]) continue;
    const DType dtype = positive[value] ? DType::u8 : DType::s8;
    result.push_back({static_cast<ValueId>(value), names[value], dtype});
  }
  return result;
}

/// Calls use(observed, its activations) for all images, some at once.
template <class Use>
void run_over(Plan& plan, const Tensor& images, std::vector<Observed>& all, const Use& use) {
  for (std::int64_t begin = 0; begin < images.dim(0); begin += plan.batch()) {
    // The last ones again, rather than a plan of their own.
    const std::int64_t from = std::min(begin, images.dim(0) - plan.batch());
    plan.forward(images.rows(from, from + plan.batch()));
    for (Observed& observed : all) {
      use(observed, std::as_const(plan).output(observed.read.name).span<float>());
    }
  }
}

}  // namespace

bool computes_int8(const Node& node) {
  return node.op == "conv2d" || node.op == "linear" || moves_values(node);
}

Ranges measure_ranges(const Graph& graph, const Parameters& parameters, const Tensor& images) {
  Shape shape = graph.shape(graph.input());
  const std::int64_t n = images.shape().empty() ? 0 : images.dim(0);
  shape.front() = n;
  require(n > 0 && images.shape() == shape && images.dtype() == DType::f32, "int8",
          text("f32 images ", to_string(graph.shape(graph.input())), " and more of them"),
          text(name_of(images.dtype()), ' ', to_string(images.shape())));
  Graph fused = fuse(graph, Mode::infer);
  Parameters folded = Parameters::for_inference(fused, parameters.dtype());
  fold_parameters(graph, parameters, folded);
  std::vector<Observed> all;
  for (Read& read : read_as_integers(fused)) {
    fused.set_output(read.name, read.value);
    all.push_back({.read = std::move(read)});
  }
  Plan plan(fused, folded, {.batch = std::min(n, images_at_once)});
  run_over(plan, images, all, [](Observed& o, auto values) { o.add_reach(values); });
  run_over(plan, images, all, [](Observed& o, auto values) { o.count(values); });
  Ranges result;
  for (const Observed& observed : all) result[observed.read.name] = best_range(observed);
  return result;
}

std::vector<std::optional<Elements>> int8_elements(const Graph& fused, const Ranges& ranges) {
  std::vector<std::optional<Elements>> result(static_cast<std::size_t>(fused.values()));
  for (const Read& read : read_as_integers(fused)) {
    const auto found = ranges.find(read.name);
    if (found == ranges.end()) continue;
    result[static_cast<std::size_t>(read.value)] = {read.dtype,
                                                    found->second / greatest(read.dtype)};
  }
  // What is moved as it is stands for the same numbers afterwards.
  for (const Node& node : fused.nodes()) {
    if (!moves_values(node)) continue;
    auto& moved = result[static_cast<std::size_t>(node.dst)];
    if (moved) moved = result[static_cast<std::size_t>(node.src.front())];
  }
  return result;
}

}  // namespace muxnet
