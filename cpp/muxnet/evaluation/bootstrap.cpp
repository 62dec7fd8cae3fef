#include "muxnet/evaluation/bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "muxnet/core/error.hpp"
#include "muxnet/core/random.hpp"

namespace muxnet {
namespace {

constexpr std::int64_t block_resamples = 16;  // share one pass over the groups' values
constexpr std::uint64_t bootstrap_stream = 0x626F6F74;
constexpr std::uint64_t replicate_stream = 0x7265706C;

/// What is drawn, by kinds that have the same values in every column, and those values.
struct Kinds {
  std::vector<std::uint32_t> of;  ///< (n)
  std::size_t count = 1;
  std::vector<double> values;  ///< (kinds, columns)
};

Kinds kinds_of(const std::vector<std::vector<double>>& columns) {
  const std::size_t n = columns.front().size();
  Kinds kinds{std::vector<std::uint32_t>(n, 0), 1, {}};
  for (const auto& column : columns) {
    // Number the values first: (kind, number) then fits one 64-bit key.
    std::unordered_map<double, std::uint32_t> numbers;
    std::unordered_map<std::uint64_t, std::uint32_t> refined;
    for (std::size_t i = 0; i < n; ++i) {
      const auto number =
          numbers.emplace(column[i], static_cast<std::uint32_t>(numbers.size())).first->second;
      const std::uint64_t key = (std::uint64_t{kinds.of[i]} << 32) | number;
      kinds.of[i] = refined.emplace(key, static_cast<std::uint32_t>(refined.size())).first->second;
    }
    kinds.count = refined.size();
  }
  kinds.values.resize(kinds.count * columns.size());
  for (std::size_t c = 0; c < columns.size(); ++c) {
    for (std::size_t i = 0; i < n; ++i) {
      kinds.values[kinds.of[i] * columns.size() + c] = columns[c][i];
    }
  }
  return kinds;
}

/// Draws n times with replacement and counts kinds in every block_resamples-th element.
/// Lemire's method: unbiased, and one 32-bit word a draw.
void draw_counts(const std::vector<std::uint32_t>& kind_of, Random random, double* counts) {
  const auto n = static_cast<std::uint32_t>(kind_of.size());
  const std::uint32_t reject_below = (0U - n) % n;
  for (std::uint32_t i = 0; i < n; ++i) {
    std::uint64_t product = 0;
    do {
      product = std::uint64_t{random.next()} * n;
    } while (static_cast<std::uint32_t>(product) < reject_below);
    counts[kind_of[product >> 32] * block_resamples] += 1.0;
  }
}

/// Adds count times value of every kind to the sums (resamples, width) of one block.
void add_block(const Kinds& kinds, const std::vector<double>& counts, std::int64_t resamples,
               std::size_t width, double* sums) {
  for (std::size_t k = 0; k < kinds.count; ++k) {
    const double* values = kinds.values.data() + k * width;
    for (std::int64_t r = 0; r < resamples; ++r) {
      const double count = counts[k * block_resamples + static_cast<std::size_t>(r)];
      double* row = sums + static_cast<std::size_t>(r) * width;
      for (std::size_t c = 0; c < width; ++c) row[c] += count * values[c];
    }
  }
}

void check(const std::vector<std::vector<double>>& columns, const InputGroups& groups,
           const BootstrapOptions& options) {
  require(!columns.empty() && !columns.front().empty(), "bootstrap", "at least one value", "none");
  for (const auto& column : columns) {
    require(column.size() == groups.inputs(), "bootstrap",
            text("columns of ", groups.inputs(), " inputs"), text(column.size()));
    require(std::all_of(column.begin(), column.end(), [](double v) { return std::isfinite(v); }),
            "bootstrap", "finite values", "one that is not");
  }
  require(options.resamples > 0, "bootstrap", "resamples above 0", text(options.resamples));
  require(options.level > 0 && options.level < 1, "bootstrap", "a level in (0, 1)",
          text(options.level));
}

}  // namespace

Interval percentile_interval(std::vector<double> values, double level) {
  require(!values.empty(), "percentile interval", "at least one value", "none");
  std::sort(values.begin(), values.end());
  const auto quantile = [&](double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    const auto left = static_cast<std::size_t>(place);
    const std::size_t right = std::min(left + 1, values.size() - 1);
    return values[left] + (place - static_cast<double>(left)) * (values[right] - values[left]);
  };
  return {quantile((1 - level) / 2), quantile((1 + level) / 2)};
}

std::vector<double> bootstrap_means(const std::vector<std::vector<double>>& columns,
                                    const InputGroups& groups, const BootstrapOptions& options) {
  check(columns, groups, options);
  std::vector<std::vector<double>> sums;
  for (const auto& column : columns) sums.push_back(groups.sums(column));
  const auto sizes = groups.sizes();
  sums.emplace_back(sizes.begin(), sizes.end());
  const Kinds kinds = kinds_of(sums);
  const std::size_t width = sums.size();
  std::vector<double> drawn(static_cast<std::size_t>(options.resamples) * width, 0.0);
  const std::int64_t blocks = (options.resamples + block_resamples - 1) / block_resamples;
#pragma omp parallel for schedule(static, 1)
  for (std::int64_t block = 0; block < blocks; ++block) {
    const std::int64_t first = block * block_resamples;
    const std::int64_t rows = std::min(block_resamples, options.resamples - first);
    std::vector<double> counts(kinds.count * block_resamples, 0.0);
    for (std::int64_t r = 0; r < rows; ++r) {
      const auto stream = mix(bootstrap_stream, static_cast<std::uint64_t>(first + r));
      draw_counts(kinds.of, Random(options.seed, stream), counts.data() + r);
    }
    add_block(kinds, counts, rows, width, drawn.data() + static_cast<std::size_t>(first) * width);
  }
  std::vector<double> means;
  means.reserve(drawn.size());
  for (std::size_t row = 0; row < drawn.size(); row += width) {
    const double inputs = drawn[row + columns.size()];
    for (std::size_t c = 0; c < columns.size(); ++c) means.push_back(drawn[row + c] / inputs);
  }
  return means;
}

Estimate bootstrap_mean(const std::vector<double>& values, const InputGroups& groups,
                        const BootstrapOptions& options) {
  const auto means = bootstrap_means({values}, groups, options);
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  return {sum / static_cast<double>(values.size()), percentile_interval(means, options.level)};
}

Estimate over_replicates(const std::vector<double>& values, const std::vector<double>& resampled,
                         const BootstrapOptions& options) {
  const std::size_t count = values.size();
  require(count > 0, "replicates", "at least one", "none");
  const std::size_t resamples = resampled.size() / count;
  require(resamples > 0 && resamples * count == resampled.size(), "replicates",
          text("rows of ", count, " resampled numbers"), text(resampled.size(), " numbers"));
  std::vector<double> means(resamples, 0.0);
  for (std::size_t r = 0; r < resamples; ++r) {
    Random random(options.seed, mix(replicate_stream, r));
    for (std::size_t draw = 0; draw < count; ++draw) {
      means[r] += resampled[r * count + random.below(count)];
    }
    means[r] /= static_cast<double>(count);
  }
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  return {sum / static_cast<double>(count), percentile_interval(std::move(means), options.level)};
}

Estimate bootstrap_replicates(const std::vector<std::vector<double>>& columns,
                              const InputGroups& groups, const BootstrapOptions& options) {
  const auto resampled = bootstrap_means(columns, groups, options);
  std::vector<double> values;
  for (const auto& column : columns) {
    values.push_back(std::accumulate(column.begin(), column.end(), 0.0) /
                     static_cast<double>(column.size()));
  }
  return over_replicates(values, resampled, options);
}

Estimate bootstrap_difference(const std::vector<double>& a, const std::vector<double>& b,
                              const InputGroups& groups, const BootstrapOptions& options) {
  require(a.size() == b.size(), "bootstrap difference", text(a.size(), " paired values"),
          text(b.size()));
  std::vector<double> difference(a.size());
  std::transform(a.begin(), a.end(), b.begin(), difference.begin(), std::minus<>());
  return bootstrap_mean(difference, groups, options);
}

}  // namespace muxnet
