#include "muxnet/data/split.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "muxnet/core/error.hpp"
#include "muxnet/core/random.hpp"

namespace muxnet {
namespace {

using Rows = std::vector<std::int64_t>;

void check_fractions(std::span<const double> fractions) {
  double sum = 0;
  for (const double fraction : fractions) {
    require(fraction >= 0 && fraction <= 1, "split_stratified, fractions", "values of 0 .. 1",
            text(fraction));
    sum += fraction;
  }
  require(std::abs(sum - 1) < 1e-9, "split_stratified, fractions", "a sum of 1", text(sum));
}

std::map<std::int32_t, Rows> rows_by_class(std::span<const std::int32_t> labels) {
  std::map<std::int32_t, Rows> classes;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    require(labels[row] >= 0, text("split_stratified, row ", row), "a label of at least 0",
            text(labels[row]));
    classes[labels[row]].push_back(static_cast<std::int64_t>(row));
  }
  return classes;
}

/// Rows of one class for each part; `owed` carries what rounding took from a part so far.
Rows divide(std::int64_t rows, std::span<const double> fractions, std::vector<double>& owed) {
  Rows counts(fractions.size());
  std::int64_t left = rows;
  for (std::size_t part = 0; part < counts.size(); ++part) {
    const double exact = fractions[part] * static_cast<double>(rows);
    // 0.3 * 10 is a little below 3.
    counts[part] = static_cast<std::int64_t>(std::floor(exact + 1e-6));
    owed[part] += exact - static_cast<double>(counts[part]);
    left -= counts[part];
  }
  for (; left > 0; --left) {
    std::size_t best = fractions.size();
    for (std::size_t part = 0; part < counts.size(); ++part) {
      if (fractions[part] == 0) continue;
      if (best == fractions.size() || owed[part] > owed[best] + 1e-9) best = part;
    }
    ++counts[best];
    owed[best] -= 1;
  }
  for (std::size_t part = 0; part < counts.size(); ++part) {
    if (fractions[part] == 0 || counts[part] > 0) continue;
    const auto richest = std::max_element(counts.begin(), counts.end());
    --*richest;
    owed[static_cast<std::size_t>(richest - counts.begin())] += 1;
    ++counts[part];
    owed[part] -= 1;
  }
  return counts;
}

Rows shuffled(const Rows& rows, Random random) {
  Rows result;
  for (const auto i : random.permutation(static_cast<std::int64_t>(rows.size()))) {
    result.push_back(rows[static_cast<std::size_t>(i)]);
  }
  return result;
}

void check_fraction(double fraction, const char* name) {
  require(fraction >= 0 && fraction < 1, text("make_splits, ", name), "a fraction of 0 .. below 1",
          text(fraction));
}

void check_classes(const Dataset& data) {
  std::vector<bool> seen(static_cast<std::size_t>(data.classes()));
  for (const auto label : data.labels.span<std::int32_t>()) seen.at(label) = true;
  const auto missing = std::find(seen.begin(), seen.end(), false);
  require(missing == seen.end(), text("make_splits, ", data.name),
          text("images of all ", data.classes(), " classes"),
          text("none of class ", missing - seen.begin()));
}

void check_pair(const Dataset& train, const Dataset& test, const char* part) {
  const std::string where = text("make_splits, ", train.name, ", ", part, " set");
  require(train.class_names == test.class_names, where,
          text("the ", train.classes(), " classes of the training set"),
          text(test.classes(), test.classes() == train.classes() ? " of other names" : ""));
  const auto image = [](const Dataset& data) {
    const auto& shape = data.images.shape();
    return Shape(shape.begin() + 1, shape.end());
  };
  require(image(train) == image(test) && train.images.dtype() == test.images.dtype(), where,
          text("images ", to_string(image(train)), ' ', name_of(train.images.dtype())),
          text(to_string(image(test)), ' ', name_of(test.images.dtype())));
}

}  // namespace

std::vector<Rows> split_stratified(std::span<const std::int32_t> labels,
                                   std::span<const double> fractions, std::uint64_t seed) {
  check_fractions(fractions);
  const auto parts =
      std::count_if(fractions.begin(), fractions.end(), [](double f) { return f > 0; });
  std::vector<Rows> result(fractions.size());
  std::vector<double> owed(fractions.size());
  for (const auto& [label, rows] : rows_by_class(labels)) {
    const auto count = static_cast<std::int64_t>(rows.size());
    require(count >= parts, text("split_stratified, class ", label),
            text("at least ", parts, " samples, one for each part"), text(count));
    const auto counts = divide(count, fractions, owed);
    const auto order =
        shuffled(rows, Random(seed, mix(0x73706C6974, static_cast<std::uint64_t>(label))));
    auto at = order.begin();
    for (std::size_t part = 0; part < counts.size(); ++part) {
      result[part].insert(result[part].end(), at, at + counts[part]);
      at += counts[part];
    }
  }
  for (auto& rows : result) std::sort(rows.begin(), rows.end());
  return result;
}

Splits make_splits(const DatasetParts& data, const SplitOptions& options) {
  if (data.test.empty()) return make_splits(data.train, options);
  check_fraction(options.held_out_fraction, "held_out_fraction");
  data.train.validate();
  data.test.validate();
  check_pair(data.train, data.test, "test");
  check_classes(data.train);
  if (!data.held_out.empty()) {
    data.held_out.validate();
    check_pair(data.train, data.held_out, "held-out");
    return {data.train, data.held_out, data.test};
  }
  if (options.held_out_fraction == 0) return {data.train, {}, data.test};
  const double held_out = options.held_out_fraction;
  const auto rows = split_stratified(data.train.labels.span<std::int32_t>(),
                                     std::vector{1 - held_out, held_out}, options.seed);
  return {data.train.subset(rows[0]), data.train.subset(rows[1]), data.test};
}

Splits make_splits(const Dataset& data, const SplitOptions& options) {
  check_fraction(options.held_out_fraction, "held_out_fraction");
  check_fraction(options.test_fraction, "test_fraction");
  require(options.test_fraction > 0, "make_splits, test_fraction",
          "a fraction above 0, as the data has no test set of its own", "0");
  data.validate();
  check_classes(data);
  const double rest = 1 - options.test_fraction;
  const double held_out = rest * options.held_out_fraction;
  const auto rows =
      split_stratified(data.labels.span<std::int32_t>(),
                       std::vector{rest - held_out, held_out, options.test_fraction}, options.seed);
  return {data.subset(rows[0]), held_out > 0 ? data.subset(rows[1]) : Dataset{},
          data.subset(rows[2])};
}

}  // namespace muxnet
