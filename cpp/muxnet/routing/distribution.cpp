#include "muxnet/routing/distribution.hpp"

#include <algorithm>
#include <numeric>

namespace muxnet {
namespace {

void expand(std::span<const std::int32_t> classes, std::span<const float> values, float other,
            std::span<float> probabilities) {
  if (classes.empty()) {
    std::copy(values.begin(), values.end(), probabilities.begin());
    return;
  }
  std::fill(probabilities.begin(), probabilities.end(), other);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    probabilities[static_cast<std::size_t>(classes[i])] = values[i];
  }
}

}  // namespace

float Distribution::other() const {
  if (others() == 0) return 0;
  const float listed = std::accumulate(values.begin(), values.end(), 0.0F);
  return std::max(0.0F, 1.0F - listed) / static_cast<float>(others());
}

float Distribution::at(std::int32_t k) const {
  if (dense()) return values[static_cast<std::size_t>(k)];
  const auto found = std::find(classes.begin(), classes.end(), k);
  if (found == classes.end()) return other();
  return values[static_cast<std::size_t>(found - classes.begin())];
}

void Distribution::expand(std::span<float> probabilities) const {
  muxnet::expand(classes, values, other(), probabilities);
}

void keep_likeliest(std::span<const float> row, std::span<std::int32_t> classes,
                    std::span<float> values) {
  thread_local std::vector<std::int32_t> order;
  order.resize(row.size());
  std::iota(order.begin(), order.end(), 0);
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(classes.size());
  std::partial_sort(order.begin(), end, order.end(), [&](std::int32_t a, std::int32_t b) {
    const float p = row[static_cast<std::size_t>(a)], q = row[static_cast<std::size_t>(b)];
    return p > q || (p == q && a < b);
  });
  for (std::size_t i = 0; i < classes.size(); ++i) {
    classes[i] = order[i];
    values[i] = row[static_cast<std::size_t>(order[i])];
  }
}

std::size_t Mixture::top() const {
  return static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

void Mixture::expand(std::span<float> probabilities) const {
  muxnet::expand(classes, values, other, probabilities);
}

void list_classes(std::span<const Distribution> distributions, std::vector<std::int32_t>& classes) {
  classes.clear();
  for (const Distribution& each : distributions) {
    if (each.dense()) return classes.clear();
    classes.insert(classes.end(), each.classes.begin(), each.classes.end());
  }
  std::sort(classes.begin(), classes.end());
  classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
}

void values_of(const Distribution& from, std::span<const std::int32_t> classes,
               std::vector<float>& values) {
  if (classes.empty()) {
    values.assign(from.count, 0.0F);
    return from.expand(values);
  }
  values.assign(classes.size(), from.other());
  for (std::size_t i = 0; i < from.values.size(); ++i) {
    const std::int32_t k = from.dense() ? static_cast<std::int32_t>(i) : from.classes[i];
    const auto place = std::lower_bound(classes.begin(), classes.end(), k);
    if (place == classes.end() || *place != k) continue;
    values[static_cast<std::size_t>(place - classes.begin())] = from.values[i];
  }
}

void mean_of(std::span<const Distribution> distributions, Mixture& mean) {
  thread_local std::vector<float> own;
  list_classes(distributions, mean.classes);
  mean.count = distributions.front().count;
  mean.values.assign(mean.classes.empty() ? mean.count : mean.classes.size(), 0.0F);
  mean.other = 0;
  for (const Distribution& each : distributions) {
    values_of(each, mean.classes, own);
    for (std::size_t i = 0; i < own.size(); ++i) mean.values[i] += own[i];
    mean.other += each.other();
  }
  const float scale = 1.0F / static_cast<float>(distributions.size());
  for (float& value : mean.values) value *= scale;
  mean.other *= scale;
}

}  // namespace muxnet
