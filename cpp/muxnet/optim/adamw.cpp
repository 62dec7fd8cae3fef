#include "muxnet/optim/adamw.hpp"

#include <array>
#include <cmath>

#include "muxnet/core/error.hpp"
#include "muxnet/optim/for_each_range.hpp"

namespace muxnet {
namespace {

constexpr std::string_view first_name = "first_moment", second_name = "second_moment";

}  // namespace

AdamW::AdamW(const AdamWOptions& options) : options_(options) {
  constexpr auto where = "adamw";
  require(options.beta1 >= 0 && options.beta1 < 1, where, "beta1 in [0, 1)", text(options.beta1));
  require(options.beta2 >= 0 && options.beta2 < 1, where, "beta2 in [0, 1)", text(options.beta2));
  require(options.eps > 0, where, "eps above 0", text(options.eps));
  require(options.weight_decay >= 0, where, "weight_decay of at least 0",
          text(options.weight_decay));
}

void AdamW::init(std::int64_t size) {
  constexpr std::array names = {first_name, second_name};
  reset(size, names);
}

void AdamW::apply(std::span<float> values, std::span<const float> gradients,
                  std::span<const Segment> segments, double learning_rate) {
  begin_step(values, gradients, segments, learning_rate);
  const auto t = static_cast<double>(step());
  float* p = values.data();
  float* m = buffer(first_name);
  float* v = buffer(second_name);
  const float* g = gradients.data();
  const auto beta1 = static_cast<float>(options_.beta1);
  const auto beta2 = static_cast<float>(options_.beta2);
  const auto new1 = static_cast<float>(1 - options_.beta1);
  const auto new2 = static_cast<float>(1 - options_.beta2);
  const auto eps = static_cast<float>(options_.eps);
  const auto rate = static_cast<float>(learning_rate / (1 - std::pow(options_.beta1, t)));
  const auto unbias = static_cast<float>(1 / std::sqrt(1 - std::pow(options_.beta2, t)));
  const auto kept = static_cast<float>(1 - learning_rate * options_.weight_decay);
  optim::for_each_range(segments, size(), [=](std::int64_t begin, std::int64_t end, bool decays) {
    const float shrink = decays ? kept : 1;
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) {
      m[i] = beta1 * m[i] + new1 * g[i];
      v[i] = beta2 * v[i] + new2 * g[i] * g[i];
      p[i] = shrink * p[i] - rate * m[i] / (std::sqrt(v[i]) * unbias + eps);
    }
  });
}

void add_adamw(OptimizerRegister& optimizers) {
  optimizers.add(
      {"adamw", "AdamW", [](const OptimizerOptions& o) {
         return std::make_unique<AdamW>(AdamWOptions{o.beta1, o.beta2, o.eps, o.weight_decay});
       }});
}

}  // namespace muxnet
