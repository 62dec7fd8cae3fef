#pragma once

#include <memory>
#include <string>
#include <vector>

#include "muxnet/core/random.hpp"
#include "muxnet/runtime/router.hpp"

namespace muxnet::testing {

inline constexpr std::int64_t side = 4, classes = 3;

/// A linear classifier of 1 x side x side images; `width` above 0 adds a convolution, so that the
/// models differ in cost.
inline std::shared_ptr<Model> tiny_model(const std::string& name, std::int64_t width,
                                         std::uint64_t seed) {
  Graph graph({1, side, side});
  ValueId value = graph.input();
  if (width > 0) {
    value =
        graph.add("conv2d", "conv", {value},
                  {{"channels", width}, {"kernel", std::int64_t{3}}, {"padding", std::int64_t{1}}});
  }
  value = graph.add("flatten", "flatten", {value});
  graph.set_output("logits", graph.add("linear", "fc", {value}, {{"features", classes}}));
  auto model = std::make_shared<Model>(name, std::move(graph));
  model->parameters.initialize(seed);
  return model;
}

/// Three of them, of 48, 384 and 1536 MACs.
inline std::vector<HostedModel> tiny_models() {
  return {host(tiny_model("small", 0, 1)), host(tiny_model("middle", 2, 2)),
          host(tiny_model("large", 8, 3))};
}

inline std::shared_ptr<ModelPool> tiny_pool() { return std::make_shared<ModelPool>(tiny_models()); }

/// As many costs as models, of those of tiny_models().
inline std::vector<double> tiny_costs(std::int64_t models) {
  std::vector<double> costs{48, 384, 1536};
  costs.resize(static_cast<std::size_t>(models), 1);
  return costs;
}

/// A multiplexer for `models` models; with `offload` its single output.
inline Multiplexer tiny_multiplexer(std::int64_t models, bool offload = false) {
  Graph graph({1, side, side});
  const ValueId flat = graph.add("flatten", "flatten", {graph.input()});
  const ValueId scores = graph.add("linear", "v", {flat}, {{"features", offload ? 1 : models}});
  graph.set_output("scores", scores);
  if (offload) graph.set_output("offload", graph.add("sigmoid", "offload", {scores}));
  auto model = std::make_shared<Model>("multiplexer", std::move(graph));
  model->parameters.initialize(7);
  return {model, Objective::correctness, {}, tiny_costs(models)};
}

/// Black and white pixels, so that answers differ.
inline Tensor random_images(std::int64_t n, std::uint64_t seed = 5) {
  Tensor images({n, 1, side, side});
  Random random(seed);
  for (float& value : images.span<float>()) value = random.uniform() < 0.5 ? 0.0F : 1.0F;
  return images;
}

/// Labels that the models agree with now and then.
inline Tensor random_labels(std::int64_t n, std::uint64_t seed = 6) {
  Tensor labels({n}, DType::i32);
  Random random(seed);
  for (auto& label : labels.span<std::int32_t>())
    label = static_cast<std::int32_t>(random.below(classes));
  return labels;
}

}  // namespace muxnet::testing
