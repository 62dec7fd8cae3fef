#include "muxnet/routing/outcome_table.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "muxnet/core/error.hpp"
#include "muxnet/core/names.hpp"
#include "muxnet/routing/model_mask.hpp"

namespace muxnet {
namespace {

constexpr const char* where = "outcome table";
}  // namespace

OutcomeTable::OutcomeTable(OutcomeFields fields) {
  complete_fields(fields);
  fields_ = std::make_shared<const OutcomeFields>(std::move(fields));
  const auto answers = predictions().span<std::int32_t>();
  missing_ = std::count(answers.begin(), answers.end(), no_answer);
  derive_confidences();
  derive_quality();
  identity_ = std::make_shared<const TableIdentity>(identity_of(*fields_));
}

Distribution OutcomeTable::distribution(std::size_t row, std::size_t model) const {
  const Tensor& all = fields_->probabilities;
  if (all.empty()) return {};
  const auto width = static_cast<std::size_t>(all.dim(2));
  const std::size_t at = (row * static_cast<std::size_t>(model_count()) + model) * width;
  Distribution result{
      all.span<float>().subspan(at, width), {}, static_cast<std::size_t>(fields_->classes)};
  if (!fields_->top_classes.empty()) {
    result.classes = fields_->top_classes.span<std::int32_t>().subspan(at, width);
  }
  return result;
}

Tensor OutcomeTable::distributions() const {
  Tensor all({distributed() ? size() : 0, model_count(), class_count()});
  const auto classes = static_cast<std::size_t>(class_count());
  const auto models = static_cast<std::size_t>(model_count());
  const auto values = all.span<float>();
  for (std::size_t cell = 0; cell < values.size() / classes; ++cell) {
    distribution(cell / models, cell % models).expand(values.subspan(cell * classes, classes));
  }
  return all;
}

void OutcomeTable::derive_confidences() {
  confidences_ = Tensor({size(), model_count()});
  const auto confidences = confidences_.span<float>();
  std::fill(confidences.begin(), confidences.end(), std::numeric_limits<float>::quiet_NaN());
  const auto answers = predictions().span<std::int32_t>();
  const auto models = static_cast<std::size_t>(model_count());
  const auto scores = fields_->answer_scores.span<float>();
  for (std::size_t cell = 0; cell < confidences.size(); ++cell) {
    if (answers[cell] == no_answer) continue;
    if (distributed()) {
      confidences[cell] = distribution(cell / models, cell % models).at(answers[cell]);
    } else if (!scores.empty()) {
      confidences[cell] = scores[cell * fields_->score_kinds.size()];
    }
  }
}

void OutcomeTable::derive_quality() {
  quality_ = fields_->quality;
  if (!quality_.empty() || !labelled()) return;
  quality_ = Tensor({size(), model_count()});
  const auto quality = quality_.span<float>();
  const auto answers = predictions().span<std::int32_t>();
  const auto label = labels();
  const auto models = static_cast<std::size_t>(model_count());
  for (std::size_t cell = 0; cell < quality.size(); ++cell) {
    quality[cell] = answers[cell] == label[cell / models] ? 1.0F : 0.0F;
    if (answers[cell] == no_answer) quality[cell] = std::numeric_limits<float>::quiet_NaN();
  }
}

std::vector<std::int64_t> OutcomeTable::complete_rows() const {
  const auto answers = predictions().span<std::int32_t>();
  const auto models = static_cast<std::size_t>(model_count());
  std::vector<std::int64_t> rows;
  for (std::size_t row = 0; row < answers.size() / models; ++row) {
    const auto own = answers.subspan(row * models, models);
    if (std::find(own.begin(), own.end(), no_answer) == own.end()) {
      rows.push_back(static_cast<std::int64_t>(row));
    }
  }
  return rows;
}

OutcomeTable OutcomeTable::complete() const {
  if (!incomplete()) return *this;
  const auto rows = complete_rows();
  require(!rows.empty(), where, "inputs that every model answered", "none");
  return subset(rows);
}

std::span<const std::int32_t> OutcomeTable::labels() const {
  require(labelled(), where, "labels", "a table without");
  return fields_->labels.span<std::int32_t>();
}

const Tensor& OutcomeTable::quality() const {
  require(judged(), where, "labels or quality, to tell good answers from bad", "a table without");
  return quality_;
}

std::vector<std::uint8_t> OutcomeTable::right() const {
  std::vector<std::uint8_t> result;
  for (const float value : quality().span<float>()) result.push_back(value >= 0.5F ? 1 : 0);
  return result;
}

std::vector<double> OutcomeTable::accuracies() const {
  const auto values = quality().span<float>();
  const auto models = static_cast<std::size_t>(model_count());
  std::vector<double> result(models, 0.0), counts(models, 0.0);
  for (std::size_t at = 0; at < values.size(); ++at) {
    if (std::isnan(values[at])) continue;
    result[at % models] += static_cast<double>(values[at]);
    counts[at % models] += 1;
  }
  for (std::size_t i = 0; i < models; ++i) result[i] /= std::max(1.0, counts[i]);
  return result;
}

const std::vector<double>& OutcomeTable::costs(const std::string& kind) const {
  const auto found = fields_->costs.find(kind);
  if (found != fields_->costs.end()) return found->second;
  throw std::invalid_argument(
      error_text(where, text("a kind of cost among ", joined(fields_->costs, key_of)), kind));
}

CallCost::CallCost(const OutcomeTable& table, const std::string& kind)
    : expected_(&table.costs(kind)) {
  const auto& recorded = table.fields().input_costs;
  const auto found = recorded.find(kind);
  if (found != recorded.end()) recorded_ = found->second.span<float>();
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
  if (fields_->encoder.empty()) return 0;
  const auto found = std::find(models().begin(), models().end(), fields_->encoder);
  return model_bit(static_cast<std::size_t>(found - models().begin()));
}

OutcomeTable OutcomeTable::subset(std::span<const std::int64_t> rows,
                                  const std::string& split) const {
  require(!rows.empty(), "outcome table subset", "at least one row", "none");
  for (const std::int64_t row : rows) {
    require(row >= 0 && row < size(), "outcome table subset", text("rows in [0, ", size(), ")"),
            text(row));
  }
  OutcomeFields part = *fields_;
  // What is expected of recorded costs is their mean over these rows, if it was over those.
  for (const auto& [kind, recorded] : part.input_costs) {
    if (part.costs.at(kind) == mean_costs(part, recorded)) part.costs.erase(kind);
  }
  each_row_tensor(part, [&](const std::string&, Tensor& values) {
    if (!values.empty()) values = values.gather(rows);
  });
  if (part.indices.empty()) {
    part.source = identity_->source;
    const auto& keys = identity_->keys;
    part.contents = Tensor::from(keys, {std::ssize(keys)}).gather(rows);
    part.indices = Tensor::from(std::vector<std::int64_t>(rows.begin(), rows.end()),
                                {static_cast<std::int64_t>(rows.size())});
  }
  if (!split.empty()) part.split = split;
  return OutcomeTable(std::move(part));
}

namespace {

/// Columns `places` of (n, N, ...).
Tensor columns(const Tensor& values, const std::vector<std::int64_t>& places) {
  if (values.empty()) return values;
  Shape shape = values.shape();
  std::vector<std::int64_t> cells;
  for (std::int64_t row = 0; row < shape[0]; ++row) {
    for (const std::int64_t place : places) cells.push_back(row * shape[1] + place);
  }
  Shape flat(shape.begin() + 1, shape.end());
  flat[0] = shape[0] * shape[1];
  shape[1] = static_cast<std::int64_t>(places.size());
  return values.reshaped(flat).gather(cells).reshaped(shape);
}

}  // namespace

OutcomeTable OutcomeTable::of_models(const std::vector<std::int64_t>& places) const {
  OutcomeFields part = *fields_;
  part.models.clear();
  part.inputs.clear();
  for (const std::int64_t place : places) {
    require(place >= 0 && place < model_count(), where, text("models in [0, ", model_count(), ")"),
            text(place));
    const std::string& name = models()[static_cast<std::size_t>(place)];
    part.models.push_back(name);
    const auto shown = fields_->inputs.find(name);
    if (shown != fields_->inputs.end()) part.inputs.insert(*shown);
  }
  for (Tensor* values : {&part.predictions, &part.answer_scores, &part.probabilities,
                         &part.top_classes, &part.quality}) {
    *values = columns(*values, places);
  }
  for (auto& [kind, values] : part.input_costs) values = columns(values, places);
  for (auto& [kind, values] : part.costs) {
    const auto all = values;
    values.clear();
    for (const std::int64_t place : places) values.push_back(all[static_cast<std::size_t>(place)]);
  }
  part.weights = part.scores = part.offload_score = Tensor();
  part.encoder.clear();
  part.multiplexer_costs.clear();
  return OutcomeTable(std::move(part));
}

OutcomeTable OutcomeTable::of_score_kinds(const std::vector<std::string>& kinds) const {
  const auto& own = fields_->score_kinds;
  if (own == kinds) return *this;
  OutcomeFields part = *fields_;
  part.score_kinds = kinds;
  part.answer_scores =
      kinds.empty() ? Tensor()
                    : Tensor({size(), model_count(), static_cast<std::int64_t>(kinds.size())});
  const auto from = fields_->answer_scores.span<float>();
  const auto to = part.answer_scores.span<float>();
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const auto found = std::find(own.begin(), own.end(), kinds[i]);
    require(found != own.end(), where, text("scores of the kind '", kinds[i], "'"),
            own.empty() ? "none" : joined(own));
    const auto j = static_cast<std::size_t>(found - own.begin());
    for (std::size_t cell = 0; cell * kinds.size() < to.size(); ++cell) {
      to[cell * kinds.size() + i] = from[cell * own.size() + j];
    }
  }
  return OutcomeTable(std::move(part));
}

}  // namespace muxnet
