#include "muxnet/routing/outcome_table.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "muxnet/core/error.hpp"
#include "muxnet/core/fingerprint.hpp"
#include "muxnet/core/names.hpp"
#include "muxnet/routing/model_mask.hpp"

namespace muxnet {
namespace {

constexpr const char* where = "outcome table";
constexpr double sum_tolerance = 1e-2;

void check_models(const OutcomeFields& fields) {
  const auto& p = fields.probabilities;
  require(p.dtype() == DType::f32 && p.shape().size() == 3 && p.dim(0) > 0 && p.dim(1) > 0 &&
              p.dim(2) > 1,
          where, "probabilities f32 (inputs, models, classes), at least 1 x 1 x 2",
          text(name_of(p.dtype()), ' ', to_string(p.shape())));
  require(p.dim(1) <= max_pool_models, where, text("at most ", max_pool_models, " models"),
          text(p.dim(1)));
  require(static_cast<std::int64_t>(fields.models.size()) == p.dim(1), where,
          text(p.dim(1), " model names, as probabilities have"), text(fields.models.size()));
  std::set<std::string> seen;
  for (const auto& name : fields.models) {
    require(!name.empty(), where, "model names that are not empty", "an empty one");
    require(seen.insert(name).second, where, "different model names", text('\'', name, "' twice"));
  }
}

void check_probabilities(const OutcomeFields& fields) {
  const auto& p = fields.probabilities;
  const float* row = p.data<float>();
  const std::int64_t models = p.dim(1), classes = p.dim(2);
  const auto place = [&](std::int64_t at) {
    return text("row ", at / models, ", model '",
                fields.models[static_cast<std::size_t>(at % models)], "'");
  };
  for (std::int64_t at = 0; at < p.dim(0) * models; ++at, row += classes) {
    double sum = 0;
    for (std::int64_t k = 0; k < classes; ++k) {
      if (!(row[k] >= 0.0F && row[k] <= 1.0F)) {
        require(false, where, "probabilities in [0, 1]", text(row[k], " in ", place(at)));
      }
      sum += row[k];
    }
    if (std::abs(sum - 1.0) > sum_tolerance) {
      require(false, where, text("probabilities that sum to 1 within ", sum_tolerance),
              text("a sum of ", sum, " in ", place(at)));
    }
  }
}

void check_labels(const OutcomeFields& fields) {
  if (fields.labels.empty()) return;
  const auto& p = fields.probabilities;
  require(fields.labels.dtype() == DType::i32 && fields.labels.shape() == Shape{p.dim(0)}, where,
          text("labels i32 (", p.dim(0), ")"),
          text(name_of(fields.labels.dtype()), ' ', to_string(fields.labels.shape())));
  const auto labels = fields.labels.span<std::int32_t>();
  for (std::size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] < 0 || labels[row] >= p.dim(2)) {
      require(false, where, text("labels in [0, ", p.dim(2), ")"),
              text(labels[row], " in row ", row));
    }
  }
}

void check_costs(const OutcomeFields& fields) {
  require(!fields.costs.empty(), where, "at least one kind of cost", "none");
  for (const auto& [kind, values] : fields.costs) {
    require(values.size() == fields.models.size(), where,
            text(fields.models.size(), " costs of kind '", kind, "'"), text(values.size()));
    for (std::size_t i = 0; i < values.size(); ++i) {
      require(std::isfinite(values[i]) && values[i] > 0, where, "costs above 0",
              text(values[i], " ", kind, " for model '", fields.models[i], "'"));
    }
  }
  for (const auto& [kind, value] : fields.multiplexer_costs) {
    require(fields.costs.count(kind) > 0, where, "multiplexer costs of the models' kinds",
            text('\'', kind, '\''));
    require(std::isfinite(value) && value >= 0, where, "a multiplexer cost of at least 0",
            text(value, ' ', kind));
  }
  const bool scored =
      !fields.weights.empty() || !fields.scores.empty() || !fields.offload_score.empty();
  for (const auto& [kind, values] : fields.costs) {
    require(!scored || fields.multiplexer_costs.count(kind) > 0, where,
            text("the multiplexer's own cost in ", kind, " beside its output"), "none");
  }
}

void check_optional(const Tensor& values, const char* name, const Shape& shape) {
  if (values.empty()) return;
  require(values.dtype() == DType::f32 && values.shape() == shape, where,
          text(name, " f32 ", to_string(shape)),
          text(name_of(values.dtype()), ' ', to_string(values.shape())));
  const auto numbers = values.span<float>();
  const auto bad = std::find_if(numbers.begin(), numbers.end(),
                                [](float value) { return !std::isfinite(value); });
  if (bad == numbers.end()) return;
  const auto row = (bad - numbers.begin()) / std::max<std::int64_t>(1, values.size() / shape[0]);
  require(false, where, text("finite ", name), text(*bad, " in row ", row));
}

void check_range(const Tensor& values, const char* name) {
  if (values.empty()) return;
  const auto numbers = values.span<float>();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] < 0.0F || numbers[i] > 1.0F) {
      const auto row = i / (numbers.size() / static_cast<std::size_t>(values.dim(0)));
      require(false, where, text(name, " in [0, 1]"), text(numbers[i], " in row ", row));
    }
  }
}

void check_router(const OutcomeFields& fields) {
  const std::int64_t n = fields.probabilities.dim(0), models = fields.probabilities.dim(1);
  check_optional(fields.weights, "weights", {n, models});
  check_optional(fields.scores, "scores", {n, models});
  check_optional(fields.offload_score, "offload_score", {n});
  check_range(fields.weights, "weights");
  check_range(fields.offload_score, "offload_score");
  if (!fields.features.empty()) {
    require(fields.features.shape().size() == 2, where, text("features f32 (", n, ", F)"),
            to_string(fields.features.shape()));
    check_optional(fields.features, "features", {n, fields.features.dim(1)});
  }
}

void check_identity(const OutcomeFields& fields) {
  if (fields.indices.empty()) return;
  const std::int64_t n = fields.probabilities.dim(0);
  require(fields.indices.dtype() == DType::i64 && fields.indices.shape() == Shape{n}, where,
          text("indices i64 (", n, ")"),
          text(name_of(fields.indices.dtype()), ' ', to_string(fields.indices.shape())));
  require(!fields.source.empty(), where, "a source that the indices count in", "indices alone");
}

void check_names(const OutcomeFields& fields) {
  const auto& names = fields.class_names;
  require(static_cast<std::int64_t>(names.size()) <= fields.probabilities.dim(2), where,
          text("names of at most ", fields.probabilities.dim(2), " classes"), text(names.size()));
  std::set<std::string> seen;
  for (const auto& name : names) {
    require(seen.insert(name).second, where, "different class names", text('\'', name, "' twice"));
  }
  for (const auto& [model, shown] : fields.inputs) {
    require(std::find(fields.models.begin(), fields.models.end(), model) != fields.models.end(),
            where, "inputs of its models", text('\'', model, '\''));
  }
}

std::size_t place_of(const OutcomeFields& fields, const std::string& model) {
  const auto found = std::find(fields.models.begin(), fields.models.end(), model);
  return static_cast<std::size_t>(found - fields.models.begin());
}

void check_encoder(const OutcomeFields& fields) {
  if (fields.encoder.empty()) return;
  require(place_of(fields, fields.encoder) < fields.models.size(), where,
          "an encoder of its models", text('\'', fields.encoder, '\''));
  require(!fields.weights.empty() || !fields.scores.empty(), where,
          "a multiplexer's output beside its encoder", "none");
}

std::uint64_t digest(const Tensor& values, std::uint64_t start) {
  return fingerprint::of_bytes(values.raw(), values.bytes(), start);
}

}  // namespace

std::string TableIdentity::digest() const {
  const auto start = fingerprint::of_bytes(source.data(), source.size(), source.size());
  return fingerprint::hexadecimal(
      fingerprint::of_bytes(indices.data(), indices.size() * sizeof(std::int64_t), start));
}

bool TableIdentity::overlaps(const TableIdentity& other) const {
  if (source != other.source) return false;
  auto a = indices.begin();
  auto b = other.indices.begin();
  while (a != indices.end() && b != other.indices.end()) {
    if (*a == *b) return true;
    if (*a < *b) {
      ++a;
    } else {
      ++b;
    }
  }
  return false;
}

OutcomeTable::OutcomeTable(OutcomeFields fields) {
  check_models(fields);
  check_labels(fields);
  check_costs(fields);
  check_router(fields);
  check_identity(fields);
  check_names(fields);
  check_encoder(fields);
  check_probabilities(fields);
  fields_ = std::make_shared<const OutcomeFields>(std::move(fields));
  derive_answers();
  derive_identity();
}

void OutcomeTable::derive_answers() {
  const std::int64_t n = size(), models = model_count(), classes = class_count();
  predictions_ = Tensor({n, models}, DType::i32);
  confidences_ = Tensor({n, models}, DType::f32);
  const float* row = fields_->probabilities.data<float>();
  auto* prediction = predictions_.data<std::int32_t>();
  auto* confidence = confidences_.data<float>();
  for (std::int64_t at = 0; at < n * models; ++at, row += classes) {
    const float* top = std::max_element(row, row + classes);
    prediction[at] = static_cast<std::int32_t>(top - row);
    confidence[at] = *top;
  }
  if (!labelled()) return;
  correct_ = Tensor({n, models}, DType::u8);
  auto* correct = correct_.data<std::uint8_t>();
  const auto* label = fields_->labels.data<std::int32_t>();
  for (std::int64_t at = 0; at < n * models; ++at) {
    correct[at] = prediction[at] == label[at / models] ? 1 : 0;
  }
}

void OutcomeTable::derive_identity() {
  TableIdentity identity{fields_->source, fields_->split, {}};
  if (fields_->indices.empty()) {
    // Without indices the recorded answers themselves tell one collection from another.
    const auto hash = digest(fields_->labels, digest(fields_->probabilities, 0));
    identity.source += text('#', std::hex, hash);
    identity.indices.resize(static_cast<std::size_t>(size()));
    std::iota(identity.indices.begin(), identity.indices.end(), 0);
  } else {
    const auto indices = fields_->indices.span<std::int64_t>();
    identity.indices.assign(indices.begin(), indices.end());
    std::sort(identity.indices.begin(), identity.indices.end());
  }
  identity_ = std::make_shared<const TableIdentity>(std::move(identity));
}

std::span<const std::int32_t> OutcomeTable::labels() const {
  require(labelled(), where, "labels", "a table without");
  return fields_->labels.span<std::int32_t>();
}

const Tensor& OutcomeTable::correct() const {
  require(labelled(), where, "labels, to tell right from wrong", "a table without");
  return correct_;
}

std::vector<double> OutcomeTable::accuracies() const {
  const auto right = correct().span<std::uint8_t>();
  const auto models = static_cast<std::size_t>(model_count());
  std::vector<double> result(models, 0.0);
  for (std::size_t at = 0; at < right.size(); ++at) result[at % models] += right[at];
  for (double& value : result) value /= static_cast<double>(size());
  return result;
}

const std::vector<double>& OutcomeTable::costs(const std::string& kind) const {
  const auto found = fields_->costs.find(kind);
  if (found != fields_->costs.end()) return found->second;
  throw std::invalid_argument(
      error_text(where, text("a kind of cost among ", joined(fields_->costs, key_of)), kind));
}

std::string OutcomeTable::traded_cost(const std::string& wanted) const {
  const auto& kinds = fields_->costs;
  if (wanted.empty()) return kinds.count("macs") > 0 ? "macs" : kinds.begin()->first;
  std::string known;
  for (const auto& [name, values] : kinds) known += (known.empty() ? "" : " or ") + name;
  require(kinds.count(wanted) > 0, "cost kind", known, wanted);
  return wanted;
}

double OutcomeTable::multiplexer_cost(const std::string& kind) const {
  const auto found = fields_->multiplexer_costs.find(kind);
  return found == fields_->multiplexer_costs.end() ? 0.0 : found->second;
}

std::uint64_t OutcomeTable::called_first() const {
  return fields_->encoder.empty() ? 0 : model_bit(place_of(*fields_, fields_->encoder));
}

OutcomeTable OutcomeTable::subset(std::span<const std::int64_t> rows,
                                  const std::string& split) const {
  require(!rows.empty(), "outcome table subset", "at least one row", "none");
  for (const std::int64_t row : rows) {
    require(row >= 0 && row < size(), "outcome table subset", text("rows in [0, ", size(), ")"),
            text(row));
  }
  OutcomeFields part = *fields_;
  for (Tensor* values : {&part.probabilities, &part.labels, &part.weights, &part.scores,
                         &part.offload_score, &part.features, &part.indices}) {
    if (!values->empty()) *values = values->gather(rows);
  }
  if (part.indices.empty()) {
    part.source = identity_->source;
    part.indices = Tensor::from(std::vector<std::int64_t>(rows.begin(), rows.end()),
                                {static_cast<std::int64_t>(rows.size())});
  }
  if (!split.empty()) part.split = split;
  return OutcomeTable(std::move(part));
}

}  // namespace muxnet
