#include "muxnet/routing/outcome_checks.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>

#include "muxnet/core/error.hpp"
#include "muxnet/core/probabilities.hpp"
#include "muxnet/routing/distribution.hpp"

namespace muxnet {
namespace {

constexpr const char* where = "outcome table";

/// A tensor of this shape and type, or none.
void check_shape(const Tensor& values, const char* name, const Shape& shape, DType dtype) {
  if (values.empty()) return;
  require(values.dtype() == dtype && values.shape() == shape, where,
          text(name, ' ', name_of(dtype), ' ', to_string(shape)),
          text(name_of(values.dtype()), ' ', to_string(values.shape())));
}

/// Where a cell of (n, N) lies, in words: rows count from 1, as readers of files count them.
std::string place(const OutcomeFields& fields, std::size_t cell) {
  const std::size_t models = fields.models.size();
  return text("row ", cell / models + 1, ", model '", fields.models[cell % models], "'");
}

void check_names(const std::vector<std::string>& names, const char* what) {
  std::set<std::string> seen;
  for (const auto& name : names) {
    require(!name.empty(), where, text(what, " that are not empty"), "an empty one");
    require(seen.insert(name).second, where, text("different ", what), text('\'', name, "' twice"));
  }
}

void check_models(const OutcomeFields& fields) {
  require(
      !fields.models.empty() && static_cast<std::int64_t>(fields.models.size()) <= max_pool_models,
      where, text("1 to ", max_pool_models, " models"), text(fields.models.size()));
  check_names(fields.models, "model names");
  const std::int64_t n = inputs_of(fields);
  require(n > 0, where, "answers to at least one input", "none");
  const Shape cells{n, static_cast<std::int64_t>(fields.models.size())};
  check_shape(fields.predictions, "predictions", cells, DType::i32);
  check_shape(fields.quality, "quality", cells, DType::f32);
}

/// Rows of probabilities that sum to 1, or with what is left for the classes that are not listed.
void check_probabilities(const OutcomeFields& fields) {
  const Tensor& p = fields.probabilities;
  if (p.empty()) {
    require(fields.top_classes.empty(), where, "probabilities of the top classes", "none");
    return;
  }
  const auto n = inputs_of(fields), models = static_cast<std::int64_t>(fields.models.size());
  require(p.dtype() == DType::f32 && p.shape().size() == 3 && p.dim(0) == n && p.dim(1) == models &&
              p.dim(2) > 0,
          where, text("probabilities f32 (", n, ", ", models, ", classes)"),
          text(name_of(p.dtype()), ' ', to_string(p.shape())));
  check_shape(fields.top_classes, "top_classes", p.shape(), DType::i32);
  const auto values = p.span<float>();
  const auto width = static_cast<std::size_t>(p.dim(2));
  const bool all = fields.top_classes.empty();
  for (std::size_t cell = 0; cell < values.size() / width; ++cell) {
    if (missing(fields, cell)) continue;
    if (const auto fault = fault_of(values.subspan(cell * width, width), all)) {
      require(false, where, fault->expected, text(fault->received, " in ", place(fields, cell)));
    }
  }
}

/// Different classes by falling probability, the last no less likely than those not listed.
void check_top_classes(const OutcomeFields& fields) {
  if (fields.top_classes.empty()) return;
  const auto classes = fields.top_classes.span<std::int32_t>();
  const auto values = fields.probabilities.span<float>();
  const auto width = static_cast<std::size_t>(fields.top_classes.dim(2));
  const auto count = static_cast<std::size_t>(fields.classes);
  require(width <= count, where, text("top classes of ", count), text(width));
  std::vector<std::int32_t> sorted;
  for (std::size_t at = 0; at < classes.size(); at += width) {
    if (missing(fields, at / width)) continue;
    const Distribution row{values.subspan(at, width), classes.subspan(at, width), count};
    const bool falling = std::is_sorted(row.values.rbegin(), row.values.rend());
    sorted.assign(row.classes.begin(), row.classes.end());
    std::sort(sorted.begin(), sorted.end());
    const bool different = std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
    const bool inside = sorted.front() >= 0 && sorted.back() < fields.classes;
    const bool likeliest = row.values.back() + 1e-3F >= row.other();
    if (falling && different && inside && likeliest) continue;
    require(false, where,
            text("the likeliest of ", count, " classes, each once, by falling probability"),
            text("others in ", place(fields, at / width)));
  }
}

void check_labels(const OutcomeFields& fields) {
  check_shape(fields.labels, "labels", {inputs_of(fields)}, DType::i32);
  if (fields.labels.empty()) return;
  const auto labels = fields.labels.span<std::int32_t>();
  for (std::size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] < 0 || labels[row] >= fields.classes) {
      require(false, where, text("labels in [0, ", fields.classes, ")"),
              text(labels[row], " in row ", row + 1));
    }
  }
}

void check_predictions(const OutcomeFields& fields) {
  const auto predictions = fields.predictions.span<std::int32_t>();
  for (std::size_t cell = 0; cell < predictions.size(); ++cell) {
    if (predictions[cell] < no_answer || predictions[cell] >= fields.classes) {
      require(false, where, text("predictions in [0, ", fields.classes, "), or -1"),
              text(predictions[cell], " in ", place(fields, cell)));
    }
  }
}

void check_quality(const OutcomeFields& fields) {
  const auto quality = fields.quality.span<float>();
  for (std::size_t cell = 0; cell < quality.size(); ++cell) {
    const bool answered = !missing(fields, cell);
    const bool fits = quality[cell] >= 0.0F && quality[cell] <= 1.0F;
    if (answered ? fits : std::isnan(quality[cell])) continue;
    require(false, where, answered ? "quality in [0, 1]" : "no quality of an answer that is not",
            text(exact(quality[cell]), " in ", place(fields, cell)));
  }
}

void check_answer_scores(const OutcomeFields& fields) {
  const Tensor& scores = fields.answer_scores;
  const Shape shape{inputs_of(fields), static_cast<std::int64_t>(fields.models.size()),
                    static_cast<std::int64_t>(fields.score_kinds.size())};
  check_names(fields.score_kinds, "kinds of scores");
  check_shape(scores, "answer_scores", shape, DType::f32);
  const auto values = scores.span<float>();
  for (std::size_t at = 0; at < values.size(); ++at) {
    if (!std::isinf(values[at])) continue;
    require(false, where, "finite scores, or NaN",
            text(values[at], " in ", place(fields, at / fields.score_kinds.size())));
  }
}

void check_cost(double value, const std::string& kind, const std::string& of) {
  if (std::isfinite(value) && value >= 0) return;
  require(false, where, "costs of at least 0", text(value, ' ', kind, " for ", of));
}

void check_costs(const OutcomeFields& fields) {
  require(!fields.costs.empty(), where, "at least one kind of cost", "none");
  for (const auto& [kind, values] : fields.costs) {
    require(values.size() == fields.models.size(), where,
            text(fields.models.size(), " costs of kind '", kind, "'"), text(values.size()));
    for (std::size_t i = 0; i < values.size(); ++i) {
      check_cost(values[i], kind, text("model '", fields.models[i], "'"));
    }
  }
  const bool scored =
      !fields.weights.empty() || !fields.scores.empty() || !fields.offload_score.empty();
  for (const auto& [kind, value] : fields.multiplexer_costs) {
    require(fields.costs.count(kind) > 0, where, "multiplexer costs of the models' kinds",
            text('\'', kind, '\''));
    check_cost(value, kind, "the multiplexer");
  }
  for (const auto& [kind, values] : fields.costs) {
    require(!scored || fields.multiplexer_costs.count(kind) > 0, where,
            text("the multiplexer's own cost in ", kind, " beside its output"), "none");
  }
}

/// What calls cost, of the answers that there are.
void check_input_costs(const OutcomeFields& fields) {
  for (const auto& [kind, costs] : fields.input_costs) {
    const auto values = costs.span<float>();
    for (std::size_t cell = 0; cell < values.size(); ++cell) {
      if (missing(fields, cell)) continue;
      if (std::isfinite(values[cell]) && values[cell] >= 0) continue;
      check_cost(static_cast<double>(values[cell]), kind, place(fields, cell));
    }
  }
}

void check_finite(const Tensor& values, const char* name, const Shape& shape) {
  check_shape(values, name, shape, DType::f32);
  const auto numbers = values.span<float>();
  const auto bad = std::find_if(numbers.begin(), numbers.end(),
                                [](float value) { return !std::isfinite(value); });
  if (bad == numbers.end()) return;
  const auto row = (bad - numbers.begin()) / std::max<std::int64_t>(1, values.size() / shape[0]);
  require(false, where, text("finite ", name), text(*bad, " in row ", row + 1));
}

void check_range(const Tensor& values, const char* name) {
  if (values.empty()) return;
  const auto numbers = values.span<float>();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] < 0.0F || numbers[i] > 1.0F) {
      const auto row = i / (numbers.size() / static_cast<std::size_t>(values.dim(0)));
      require(false, where, text(name, " in [0, 1]"), text(exact(numbers[i]), " in row ", row + 1));
    }
  }
}

void check_router(const OutcomeFields& fields) {
  const std::int64_t n = inputs_of(fields);
  const auto models = static_cast<std::int64_t>(fields.models.size());
  check_finite(fields.weights, "weights", {n, models});
  check_finite(fields.scores, "scores", {n, models});
  check_finite(fields.offload_score, "offload_score", {n});
  check_range(fields.weights, "weights");
  check_range(fields.offload_score, "offload_score");
  if (!fields.encoder.empty()) {
    const auto& names = fields.models;
    require(std::find(names.begin(), names.end(), fields.encoder) != names.end(), where,
            "an encoder of its models", text('\'', fields.encoder, '\''));
    require(!fields.weights.empty() || !fields.scores.empty(), where,
            "a multiplexer's output beside its encoder", "none");
  }
  if (fields.features.empty()) return;
  require(fields.features.shape().size() == 2, where, text("features f32 (", n, ", F)"),
          to_string(fields.features.shape()));
  check_finite(fields.features, "features", {n, fields.features.dim(1)});
}

void check_identity(const OutcomeFields& fields) {
  const std::int64_t n = inputs_of(fields);
  check_shape(fields.groups, "groups", {n}, DType::i64);
  check_shape(fields.indices, "indices", {n}, DType::i64);
  check_shape(fields.contents, "contents", {n}, DType::i64);
  require(fields.indices.empty() || !fields.source.empty(), where,
          "a source that the indices count in", "indices alone");
  const auto& names = fields.class_names;
  require(static_cast<std::int64_t>(names.size()) <= fields.classes, where,
          text("names of at most ", fields.classes, " classes"), text(names.size()));
  std::set<std::string> seen;
  for (const auto& name : names) {
    require(seen.insert(name).second, where, "different class names", text('\'', name, "' twice"));
  }
  for (const auto& [model, shown] : fields.inputs) {
    require(std::find(fields.models.begin(), fields.models.end(), model) != fields.models.end(),
            where, "inputs of its models", text('\'', model, '\''));
  }
}

}  // namespace

std::int64_t inputs_of(const OutcomeFields& fields) {
  for (const Tensor* answers : {&fields.predictions, &fields.probabilities, &fields.quality}) {
    if (!answers->empty()) return answers->dim(0);
  }
  return 0;
}

bool missing(const OutcomeFields& fields, std::size_t cell) {
  return !fields.predictions.empty() && fields.predictions.data<std::int32_t>()[cell] == no_answer;
}

void check_shapes(const OutcomeFields& fields) {
  check_models(fields);
  check_probabilities(fields);
  for (const auto& [kind, costs] : fields.input_costs) {
    const Shape cells{inputs_of(fields), static_cast<std::int64_t>(fields.models.size())};
    require(!costs.empty(), where, text("costs of each input in ", kind), "none");
    check_shape(costs, "input_costs", cells, DType::f32);
  }
}

void check_values(const OutcomeFields& fields) {
  check_top_classes(fields);
  check_predictions(fields);
  check_labels(fields);
  check_quality(fields);
  check_answer_scores(fields);
  check_input_costs(fields);
  check_costs(fields);
  check_router(fields);
  check_identity(fields);
}

}  // namespace muxnet
