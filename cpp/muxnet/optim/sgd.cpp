#include "muxnet/optim/sgd.hpp"

#include <array>

#include "muxnet/core/error.hpp"
#include "muxnet/optim/for_each_range.hpp"

namespace muxnet {
namespace {

constexpr std::string_view momentum_name = "momentum";

}  // namespace

Sgd::Sgd(const SgdOptions& options) : options_(options) {
  require(options.momentum >= 0 && options.momentum < 1, "sgd", "momentum in [0, 1)",
          text(options.momentum));
  require(options.weight_decay >= 0, "sgd", "weight_decay of at least 0",
          text(options.weight_decay));
}

void Sgd::init(std::int64_t size) {
  constexpr std::array names = {momentum_name};
  reset(size, std::span(names).first(options_.momentum > 0 ? 1 : 0));
}

void Sgd::apply(std::span<float> values, std::span<const float> gradients,
                std::span<const Segment> segments, double learning_rate) {
  begin_step(values, gradients, segments, learning_rate);
  float* p = values.data();
  const float* g = gradients.data();
  const auto rate = static_cast<float>(learning_rate);
  const auto momentum = static_cast<float>(options_.momentum);
  const auto weight_decay = static_cast<float>(options_.weight_decay);
  if (options_.momentum == 0) {
    optim::for_each_range(segments, size(), [=](std::int64_t begin, std::int64_t end, bool decays) {
      const float decay = decays ? weight_decay : 0;
#pragma omp simd
      for (std::int64_t i = begin; i < end; ++i) p[i] -= rate * (g[i] + decay * p[i]);
    });
    return;
  }
  float* b = buffer(momentum_name);
  // Both updates as p -= rate (own * g' + carried * b).
  const float own = options_.nesterov ? 1 : 0;
  const float carried = options_.nesterov ? momentum : 1;
  optim::for_each_range(segments, size(), [=](std::int64_t begin, std::int64_t end, bool decays) {
    const float decay = decays ? weight_decay : 0;
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) {
      const float decayed = g[i] + decay * p[i];
      b[i] = momentum * b[i] + decayed;
      p[i] -= rate * (own * decayed + carried * b[i]);
    }
  });
}

void add_sgd(OptimizerRegister& optimizers) {
  optimizers.add(
      {"sgd", "SGD with Nesterov momentum", [](const OptimizerOptions& o) {
         return std::make_unique<Sgd>(SgdOptions{o.momentum, o.nesterov, o.weight_decay});
       }});
}

}  // namespace muxnet
