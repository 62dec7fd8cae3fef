#include "muxnet/optim/clip.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr std::int64_t worth_a_thread = 1 << 14;

double norm(const float* gradients, std::int64_t size) {
  // As many partial sums for one thread as for many, so that rounding is the same.
  constexpr std::int64_t parts = 64;
  std::array<double, parts> sums{};
  const std::int64_t share = (size + parts - 1) / parts;
#pragma omp parallel for schedule(static) if (size > worth_a_thread)
  for (std::int64_t part = 0; part < parts; ++part) {
    double sum = 0;
    const std::int64_t end = std::min(size, (part + 1) * share);
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = part * share; i < end; ++i) {
      sum += static_cast<double>(gradients[i]) * static_cast<double>(gradients[i]);
    }
    sums[static_cast<std::size_t>(part)] = sum;
  }
  return std::sqrt(std::accumulate(sums.begin(), sums.end(), 0.0));
}

}  // namespace

double clip_by_global_norm(std::span<float> gradients, double max_norm) {
  require(max_norm > 0, "clip_by_global_norm", "max_norm above 0", text(max_norm));
  float* data = gradients.data();
  const auto size = static_cast<std::int64_t>(gradients.size());
  const double total = norm(data, size);
  const double factor = max_norm / (total + 1e-6);
  if (!(factor < 1) || !std::isfinite(total)) return total;
  const auto scale = static_cast<float>(factor);
#pragma omp parallel for simd schedule(static) if (size > worth_a_thread)
  for (std::int64_t i = 0; i < size; ++i) data[i] *= scale;
  return total;
}

}  // namespace muxnet
