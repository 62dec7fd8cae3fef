#pragma once

#include <memory>
#include <string>
#include <vector>

#include "muxnet/core/random.hpp"
#include "muxnet/data/dataset.hpp"
#include "muxnet/networks/multiplexer.hpp"
#include "muxnet/networks/projection.hpp"
#include "muxnet/training/train_models.hpp"
#include "muxnet/training/train_multiplexer.hpp"

namespace muxnet::testing {

constexpr std::int64_t side = 8;
constexpr int classes = 3;

/// Noise with a bright pair of columns whose place is the class.
inline Dataset tiny_dataset(std::int64_t n, std::uint64_t seed, double noise = 0.5) {
  Tensor images({n, 1, side, side});
  Tensor labels({n}, DType::i32);
  Random random(seed);
  for (std::int64_t i = 0; i < n; ++i) {
    const auto label = static_cast<std::int32_t>(i % classes);
    labels.data<std::int32_t>()[i] = label;
    float* image = images.data<float>() + i * side * side;
    for (std::int64_t p = 0; p < side * side; ++p) {
      const bool bright = p % side / 2 == label;
      image[p] = static_cast<float>((bright ? 1.0 : 0.0) + noise * random.normal());
    }
  }
  return make_dataset("tiny", images, labels, {"left", "middle", "right"});
}

/// One convolution, batch norm, dropout, linear.
inline Graph tiny_graph(std::int64_t channels) {
  Graph graph({1, side, side});
  ValueId value = graph.add(
      "conv2d", "conv", {graph.input()},
      {{"channels", channels}, {"kernel", std::int64_t{3}}, {"padding", std::int64_t{1}}});
  value = graph.add("batch_norm", "norm", {value});
  value = graph.add("relu", "relu", {value});
  value = graph.add("adaptive_average_pool", "pool", {value}, {{"output", std::int64_t{4}}});
  value = graph.add("flatten", "flatten", {value});
  graph.set_output("embedding", value);
  value = graph.add("dropout", "dropout", {value}, {{"p", 0.2}});
  graph.set_output("logits",
                   graph.add("linear", "fc", {value}, {{"features", std::int64_t{classes}}}));
  add_projection(graph, 6);
  return graph;
}

/// Two models of different width; equal ones each time.
struct TinyModels {
  TinyModels() {
    for (const std::int64_t channels : {2, 6}) {
      owned.push_back(
          std::make_unique<Model>("width" + std::to_string(channels), tiny_graph(channels)));
      owned.back()->parameters.initialize(7);
      pointers.push_back(owned.back().get());
    }
  }

  /// All weights and running statistics, one after the other.
  std::vector<float> values() const {
    std::vector<float> result;
    for (const auto& model : owned) {
      const auto span = model->parameters.values().span<float>();
      result.insert(result.end(), span.begin(), span.end());
    }
    return result;
  }

  std::vector<std::unique_ptr<Model>> owned;
  std::vector<Model*> pointers;
};

inline ModelTrainingData tiny_data() {
  ModelTrainingData data;
  data.train = tiny_dataset(101, 1);
  data.held_out = tiny_dataset(37, 2);
  data.normalization = measure_normalization(data.train);
  return data;
}

/// 4 epochs of 6 steps with everything switched on.
inline ModelTrainingOptions tiny_options() {
  ModelTrainingOptions options;
  options.fit.epochs = 4;
  options.fit.batch_size = 16;
  options.fit.schedule.learning_rate = 0.05;
  options.fit.optimizer.weight_decay = 1e-4;
  options.fit.clip_norm = 5;
  options.fit.seed = 11;
  options.label_smoothing = 0.05;
  options.contrastive_weight = 0.3;
  options.online_distillation_weight = 0.2;
  options.augmentation.crop_padding = 1;
  return options;
}

inline Graph tiny_multiplexer_graph(std::int64_t models, bool offload = false) {
  MultiplexerOptions options;
  options.channels = 1;
  options.height = options.width = side;
  options.filters = 4;
  options.models = models;
  options.meta_dim = 6;
  options.offload = offload;
  return build_multiplexer(options);
}

}  // namespace muxnet::testing
