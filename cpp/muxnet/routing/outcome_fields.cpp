#include "muxnet/routing/outcome_fields.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "muxnet/core/error.hpp"
#include "muxnet/core/probabilities.hpp"
#include "muxnet/routing/distribution.hpp"
#include "muxnet/routing/outcome_checks.hpp"

namespace muxnet {
namespace {

std::int64_t highest(const Tensor& classes) {
  const auto values = classes.span<std::int32_t>();
  return values.empty() ? -1 : *std::max_element(values.begin(), values.end());
}

void count_classes(OutcomeFields& fields) {
  const bool dense = !fields.probabilities.empty() && fields.top_classes.empty();
  std::int64_t count = static_cast<std::int64_t>(fields.class_names.size());
  if (dense) count = fields.probabilities.shape().back();
  if (fields.classes > 0) {
    require(!dense || fields.classes == count, "outcome table",
            text(count, " classes, as probabilities"), text(fields.classes));
    return;
  }
  if (!dense) {
    for (const Tensor* met : {&fields.predictions, &fields.top_classes, &fields.labels}) {
      if (met->dtype() == DType::i32) count = std::max(count, highest(*met) + 1);
    }
  }
  // Without answers of their own every model's is one of its own.
  if (fields.predictions.empty() && fields.probabilities.empty()) {
    count = static_cast<std::int64_t>(fields.models.size());
  }
  fields.classes = std::max<std::int64_t>(count, 1);
}

void keep_likeliest(OutcomeFields& fields) {
  const auto count = static_cast<std::size_t>(fields.classes);
  if (fields.probabilities.empty() || !fields.top_classes.empty() || count <= most_dense_classes) {
    return;
  }
  const Tensor all = std::move(fields.probabilities);
  const Shape shape{all.dim(0), all.dim(1), static_cast<std::int64_t>(kept_classes)};
  fields.probabilities = Tensor(shape);
  fields.top_classes = Tensor(shape, DType::i32);
  const auto rows = all.span<float>();
  const auto classes = fields.top_classes.span<std::int32_t>();
  const auto values = fields.probabilities.span<float>();
  for (std::size_t cell = 0; cell < rows.size() / count; ++cell) {
    muxnet::keep_likeliest(rows.subspan(cell * count, count),
                           classes.subspan(cell * kept_classes, kept_classes),
                           values.subspan(cell * kept_classes, kept_classes));
  }
}

/// Of distributions the likeliest class, of quality alone a class for each model.
void predict(OutcomeFields& fields) {
  if (!fields.predictions.empty()) return;
  const auto models = static_cast<std::int64_t>(fields.models.size());
  fields.predictions = Tensor({inputs_of(fields), models}, DType::i32);
  const auto predictions = fields.predictions.span<std::int32_t>();
  const auto quality = fields.quality.span<float>();
  const auto values = fields.probabilities.span<float>();
  const std::size_t width = values.size() / predictions.size();
  for (std::size_t cell = 0; cell < predictions.size(); ++cell) {
    if (values.empty()) {
      const auto model = static_cast<std::int32_t>(cell % fields.models.size());
      predictions[cell] = std::isnan(quality[cell]) ? no_answer : model;
      continue;
    }
    const auto row = values.subspan(cell * width, width);
    const auto top = std::max_element(row.begin(), row.end()) - row.begin();
    predictions[cell] =
        fields.top_classes.empty()
            ? static_cast<std::int32_t>(top)
            : fields.top_classes.span<std::int32_t>()[cell * width + static_cast<std::size_t>(top)];
  }
}

/// The mean of what calls of a model cost, where nothing else is expected.
void expect_costs(OutcomeFields& fields) {
  for (const auto& [kind, recorded] : fields.input_costs) {
    if (fields.costs.count(kind) == 0) fields.costs[kind] = mean_costs(fields, recorded);
  }
}

}  // namespace

std::vector<double> mean_costs(const OutcomeFields& fields, const Tensor& recorded) {
  const std::size_t models = fields.models.size();
  std::vector<double> sums(models, 0.0), counts(models, 0.0);
  const auto values = recorded.span<float>();
  for (std::size_t cell = 0; cell < values.size(); ++cell) {
    if (missing(fields, cell)) continue;
    sums[cell % models] += static_cast<double>(values[cell]);
    counts[cell % models] += 1;
  }
  for (std::size_t i = 0; i < models; ++i) sums[i] /= std::max(1.0, counts[i]);
  return sums;
}

void complete_fields(OutcomeFields& fields) {
  check_shapes(fields);
  if (!fields.probabilities.empty()) clip_probabilities(fields.probabilities);
  count_classes(fields);
  keep_likeliest(fields);
  predict(fields);
  expect_costs(fields);
  check_values(fields);
}

}  // namespace muxnet
