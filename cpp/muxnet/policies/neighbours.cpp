#include "muxnet/policies/neighbours.hpp"

#include <algorithm>
#include <cmath>

#include "muxnet/core/error.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/routing/rule.hpp"

namespace muxnet {
namespace {

constexpr double steps = 64;         // of a standard deviation
constexpr double farthest = 512;     // eight of them: squares of differences fit 32 bits ...
constexpr std::size_t block = 1024;  // ... and so do sums of so many
constexpr std::size_t least_k = 8, most_k = 256;

std::uint64_t squared_distance(std::span<const std::int16_t> a, std::span<const std::int16_t> b) {
  std::uint64_t result = 0;
  for (std::size_t from = 0; from < a.size(); from += block) {
    std::int32_t sum = 0;
    const std::size_t to = std::min(a.size(), from + block);
    for (std::size_t i = from; i < to; ++i) {
      const std::int32_t difference = a[i] - b[i];
      sum += difference * difference;
    }
    result += static_cast<std::uint64_t>(sum);
  }
  return result;
}

}  // namespace

Neighbours::Neighbours(const OutcomeTable& table) : accuracies_(table.accuracies()) {
  const auto features = table.fields().features.span<float>();
  const auto n = static_cast<std::size_t>(table.size());
  require(!features.empty(), "neighbours", "a table with features", "one without");
  width_ = features.size() / n;
  mean_.assign(width_, 0.0);
  scale_.assign(width_, 0.0);
  for (std::size_t at = 0; at < features.size(); ++at) mean_[at % width_] += features[at];
  for (double& mean : mean_) mean /= static_cast<double>(n);
  for (std::size_t at = 0; at < features.size(); ++at) {
    const double off = features[at] - mean_[at % width_];
    scale_[at % width_] += off * off;
  }
  for (double& scale : scale_) {
    const double deviation = std::sqrt(scale / static_cast<double>(n));
    scale = deviation > 1e-12 ? steps / deviation : 0.0;
  }
  std::vector<std::int16_t> row;
  for (std::size_t i = 0; i < n; ++i) {
    standardise(features.subspan(i * width_, width_), row);
    rows_.insert(rows_.end(), row.begin(), row.end());
  }
  const auto quality = table.quality().span<float>();
  quality_.assign(quality.begin(), quality.end());
  choose_k(InputGroups(table));
}

nlohmann::json Neighbours::to_json() const {
  return {{"k", k_},       {"mean", mean_},       {"scale", scale_},
          {"rows", rows_}, {"quality", quality_}, {"accuracies", accuracies_}};
}

Neighbours::Neighbours(const nlohmann::json& content)
    : k_(content.at("k").get<std::size_t>()),
      mean_(content.at("mean").get<std::vector<double>>()),
      scale_(content.at("scale").get<std::vector<double>>()),
      rows_(content.at("rows").get<std::vector<std::int16_t>>()),
      quality_(content.at("quality").get<std::vector<float>>()),
      accuracies_(content.at("accuracies").get<std::vector<double>>()) {
  width_ = mean_.size();
  const bool sizes = width_ > 0 && scale_.size() == width_ && rows_.size() % width_ == 0 &&
                     !accuracies_.empty() &&
                     quality_.size() == rows_.size() / width_ * accuracies_.size();
  require(sizes, "neighbours", "as many rows of features as of quality",
          text(rows_.size(), " values and ", quality_.size()));
  require(k_ <= most_k, "neighbours", text("at most ", most_k, " neighbours"), text(k_));
}

double Neighbours::macs() const { return static_cast<double>(rows_.size()); }

void Neighbours::standardise(std::span<const float> features,
                             std::vector<std::int16_t>& row) const {
  row.resize(width_);
  for (std::size_t i = 0; i < width_; ++i) {
    const double value = (features[i] - mean_[i]) * scale_[i];
    row[i] = static_cast<std::int16_t>(std::lround(std::clamp(value, -farthest, farthest)));
  }
}

/// Of the rows to keep those nearest to `query`, by rising distance; of equals the first.
template <class Keep>
std::vector<std::uint64_t> Neighbours::search(Row query, std::size_t count,
                                              const Keep& keep) const {
  constexpr int index_bits = 24;
  std::vector<std::uint64_t> keys;
  const std::size_t n = rows_.size() / width_;
  keys.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    if (keep(i)) keys.push_back(squared_distance(query, row(i)) << index_bits | i);
  }
  const auto end = keys.begin() + static_cast<std::ptrdiff_t>(std::min(count, keys.size()));
  std::partial_sort(keys.begin(), end, keys.end());
  keys.erase(end, keys.end());
  for (auto& key : keys) key &= (std::uint64_t{1} << index_bits) - 1;
  return keys;
}

double Neighbours::share(double quality, std::size_t model, std::size_t k) const {
  return (quality + accuracies_[model]) / (static_cast<double>(k) + 1.0);
}

void Neighbours::choose_k(const InputGroups& groups) {
  const std::size_t models = model_count(), n = rows_.size() / width_;
  const auto sizes = groups.sizes();
  const std::size_t others = n - *std::max_element(sizes.begin(), sizes.end());
  std::vector<std::size_t> choices{0};
  for (std::size_t k = least_k; k <= std::min(most_k, others); k *= 2) choices.push_back(k);
  // What each choice says of each row.
  std::vector<std::vector<double>> said(choices.size(), std::vector<double>(n * models));
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < n; ++i) {
    const auto near = search(row(i), choices.back(),
                             [&](std::size_t other) { return groups[other] != groups[i]; });
    std::vector<double> sums(models, 0.0);
    for (std::size_t c = 0; c < choices.size(); ++c) {
      for (std::size_t j = c == 0 ? 0 : choices[c - 1]; j < choices[c]; ++j) {
        for (std::size_t m = 0; m < models; ++m)
          sums[m] += static_cast<double>(quality_[near[j] * models + m]);
      }
      for (std::size_t m = 0; m < models; ++m) {
        said[c][i * models + m] = share(sums[m], m, choices[c]);
      }
    }
  }
  double least = 0;
  for (std::size_t c = 0; c < choices.size(); ++c) {
    double error = 0;
    for (std::size_t at = 0; at < quality_.size(); ++at) {
      const double off = said[c][at] - static_cast<double>(quality_[at]);
      error += off * off;
    }
    if (c > 0 && error >= least) continue;
    least = error;
    k_ = choices[c];
    left_out_ = said[c];
  }
}

void Neighbours::estimate(std::span<const float> features, Values& values) const {
  require(features.size() == width_, "neighbours", text(width_, " features of the input"),
          text(features.size()));
  thread_local std::vector<std::int16_t> query;
  standardise(features, query);
  const std::size_t models = model_count();
  std::vector<double> sums(models, 0.0);
  for (const std::uint64_t near : search(query, k_, [](std::size_t) { return true; })) {
    for (std::size_t m = 0; m < models; ++m)
      sums[m] += static_cast<double>(quality_[near * models + m]);
  }
  for (std::size_t m = 0; m < models; ++m) values[m] = share(sums[m], m, k_);
}

std::shared_ptr<const std::vector<double>> Neighbours::estimates(const OutcomeTable& table) const {
  const std::lock_guard lock(mutex_);
  if (last_table_ == table.identity()) return last_;
  const auto n = static_cast<std::size_t>(table.size());
  const std::size_t models = model_count();
  const OutcomeRows inputs(table);
  // Asked once before the threads start, as an error must not leave one.
  Values first{};
  estimate(inputs.at(0).features, first);
  std::vector<double> all(n * models);
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < n; ++i) {
    Values values{};
    estimate(inputs.at(i).features, values);
    std::copy_n(values.begin(), models, all.begin() + static_cast<std::ptrdiff_t>(i * models));
  }
  last_table_ = table.identity();
  last_ = std::make_shared<const std::vector<double>>(std::move(all));
  return last_;
}

}  // namespace muxnet
