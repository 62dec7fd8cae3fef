#include "muxnet/routing/answer_calibration.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "muxnet/core/error.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/routing/division.hpp"
#include "muxnet/routing/known_answers.hpp"

namespace muxnet {
namespace {

constexpr std::int64_t folds = 5;

/// Distributions for all answers of a table; of_row(row) gives the calibration of a row.
template <class OfRow>
OutcomeTable with_distributions(const OutcomeTable& table, std::size_t classes,
                                const OfRow& of_row) {
  OutcomeFields fields = table.fields();
  const auto form = AnswerForm::of_distributions(static_cast<std::int64_t>(classes));
  const auto models = static_cast<std::size_t>(table.model_count());
  const auto width = static_cast<std::size_t>(form.listed);
  const Shape shape{table.size(), table.model_count(), form.listed};
  const bool dense = form.listed == form.classes;
  fields.classes = form.classes;
  fields.predictions = Tensor({table.size(), table.model_count()}, DType::i32);
  fields.probabilities = Tensor(shape);
  fields.top_classes = dense ? Tensor() : Tensor(shape, DType::i32);
  const auto said = table.predictions().span<std::int32_t>();
  const auto scores = table.confidences().span<float>();
  const auto predictions = fields.predictions.span<std::int32_t>();
  const auto values = fields.probabilities.span<float>();
  for (std::size_t cell = 0; cell < said.size(); ++cell) {
    predictions[cell] = no_answer;
    if (said[cell] == no_answer) continue;
    std::span<std::int32_t> listed;
    if (!dense) listed = fields.top_classes.span<std::int32_t>().subspan(cell * width, width);
    predictions[cell] = of_row(cell / models)
                            .fill(cell % models, said[cell], scores[cell], listed,
                                  values.subspan(cell * width, width));
  }
  return OutcomeTable(std::move(fields));
}

/// Of each model by the inputs that it answered.
std::vector<ScoreCalibration> learn(const OutcomeTable& table) {
  const auto n = static_cast<std::size_t>(table.size());
  const auto models = static_cast<std::size_t>(table.model_count());
  const auto said = table.predictions().span<std::int32_t>();
  const auto scores = table.confidences().span<float>();
  const auto quality = table.quality().span<float>();
  const bool labels = !table.by_quality();
  std::vector<ScoreCalibration> result;
  for (std::size_t model = 0; model < models; ++model) {
    std::vector<std::int32_t> answers, right;
    std::vector<float> sure, worth;
    for (std::size_t row = 0; row < n; ++row) {
      const std::size_t cell = row * models + model;
      if (said[cell] == no_answer) continue;
      answers.push_back(said[cell]);
      sure.push_back(scores[cell]);
      worth.push_back(quality[cell]);
      if (labels) right.push_back(table.labels()[row]);
    }
    require(!answers.empty(), "calibration", "answers of every model",
            text("none of ", table.models()[model]));
    result.emplace_back(answers, sure, worth, right, static_cast<std::size_t>(table.class_count()));
  }
  return result;
}

}  // namespace

AnswerCalibration::AnswerCalibration(const OutcomeTable& table)
    : classes_(static_cast<std::size_t>(table.class_count())),
      // Of recorded quality nothing tells what another answer would be worth.
      turns_(!table.by_quality()),
      models_(learn(table)) {}

nlohmann::json AnswerCalibration::to_json() const {
  nlohmann::json models = nlohmann::json::array();
  for (const auto& model : models_) models.push_back(model.to_json());
  return {{"classes", classes_}, {"turns", turns_}, {"models", std::move(models)}};
}

AnswerCalibration::AnswerCalibration(const nlohmann::json& content)
    : classes_(content.at("classes").get<std::size_t>()), turns_(content.at("turns").get<bool>()) {
  for (const auto& model : content.at("models")) models_.emplace_back(model, classes_);
}

OutcomeTable AnswerCalibration::applied(const OutcomeTable& table) const {
  require(static_cast<std::size_t>(table.model_count()) == models_.size() &&
              static_cast<std::size_t>(table.class_count()) <= classes_,
          "calibration", text(models_.size(), " models of ", classes_, " classes"),
          text(table.model_count(), " of ", table.class_count()));
  const std::lock_guard lock(mutex_);
  if (last_table_ != table.identity()) {
    last_ = std::make_shared<const OutcomeTable>(with_distributions(
        table, classes_, [this](std::size_t) -> const AnswerCalibration& { return *this; }));
    last_table_ = table.identity();
  }
  return *last_;
}

std::vector<double> AnswerCalibration::beyond(const OutcomeTable& table) const {
  const auto scores = table.confidences().span<float>();
  std::vector<double> found(models_.size(), 0.0), counts(models_.size(), 0.0);
  for (std::size_t cell = 0; cell < scores.size(); ++cell) {
    if (std::isnan(scores[cell])) continue;
    const std::size_t model = cell % models_.size();
    counts[model] += 1;
    found[model] += models_[model].beyond(scores[cell]) ? 1 : 0;
  }
  for (std::size_t model = 0; model < found.size(); ++model) found[model] /= counts[model];
  return found;
}

OutcomeTable AnswerCalibration::cross_fitted(const OutcomeTable& table) {
  const std::int64_t n = table.size();
  const InputGroups groups(table);
  require(groups.count() >= 2, "calibration", "a table of at least 2 inputs or groups",
          groups.text());
  const auto count = std::min(folds, static_cast<std::int64_t>(groups.count()));
  const auto parts = draw_folds(groups, count);
  std::vector<std::unique_ptr<const AnswerCalibration>> without;
  for (std::int64_t fold = 0; fold < count; ++fold) {
    std::vector<std::int64_t> others;
    for (std::int64_t row = 0; row < n; ++row) {
      if (parts[static_cast<std::size_t>(row)] != fold) others.push_back(row);
    }
    without.push_back(std::make_unique<const AnswerCalibration>(table.subset(others)));
  }
  return with_distributions(table, static_cast<std::size_t>(table.class_count()),
                            [&](std::size_t row) -> const AnswerCalibration& {
                              return *without[static_cast<std::size_t>(parts[row])];
                            });
}

namespace {

/// Evidence whose answers are calibrated; what it shows lives until the thread's next call.
Evidence calibrated(const Evidence& evidence, const AnswerCalibration& calibration) {
  const std::size_t models = calibration.models(), classes = calibration.classes();
  const auto width = static_cast<std::size_t>(
      AnswerForm::of_distributions(static_cast<std::int64_t>(classes)).listed);
  thread_local std::vector<std::int32_t> predictions, listed;
  thread_local std::vector<float> confidences, values;
  predictions.assign(evidence.predictions.begin(), evidence.predictions.end());
  confidences.assign(models, 0.0F);
  values.assign(models * width, 0.0F);
  listed.assign(width < classes ? models * width : 0, 0);
  for (const std::size_t model : models_of(evidence.called)) {
    const std::span<float> own(values.data() + model * width, width);
    std::span<std::int32_t> own_listed;
    if (!listed.empty()) own_listed = std::span(listed).subspan(model * width, width);
    const std::int32_t answer = evidence.predictions[model];
    const bool known = answer >= 0 && static_cast<std::size_t>(answer) < classes;
    if (!known)
      require(false, "calibration", text("answers of ", classes, " classes"), text(answer));
    predictions[model] =
        calibration.fill(model, answer, evidence.confidences[model], own_listed, own);
    confidences[model] = Distribution{own, own_listed, classes}.at(predictions[model]);
  }
  Evidence result = evidence;
  result.classes = classes;
  result.predictions = predictions;
  result.confidences = confidences;
  result.probabilities = values;
  result.top_classes = listed;
  result.whole = {};
  return result;
}

}  // namespace

Step CalibratedRule::next(const Evidence& evidence) const {
  return rule_->next(calibrated(evidence, *calibration_));
}

Reason CalibratedRule::explain(const Evidence& evidence) const {
  return rule_->explain(calibrated(evidence, *calibration_));
}

std::int32_t CalibratedRule::combine(const Evidence& evidence, std::uint64_t answer_from,
                                     std::span<float> probabilities) const {
  return rule_->combine(calibrated(evidence, *calibration_), answer_from, probabilities);
}

double CalibratedRule::confidence(const Evidence& evidence, std::uint64_t answer_from,
                                  std::int32_t answer) const {
  return rule_->confidence(calibrated(evidence, *calibration_), answer_from, answer);
}

std::uint64_t CalibratedRule::answer_now(const Evidence& evidence) const {
  return rule_->answer_now(calibrated(evidence, *calibration_));
}

}  // namespace muxnet
