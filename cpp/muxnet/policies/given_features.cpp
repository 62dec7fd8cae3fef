#include "muxnet/policies/given_features.hpp"

#include <algorithm>
#include <cmath>

#include "muxnet/core/error.hpp"
#include "muxnet/core/json_values.hpp"

namespace muxnet {
namespace {

constexpr std::size_t most_features = 64;  // a regression costs their square

std::size_t kinds_of(const OutcomeFields& fields) {
  return fields.score_kinds.size() > 1 ? fields.score_kinds.size() : 0;
}

std::size_t features_of(const OutcomeFields& fields) {
  const bool computed = !fields.weights.empty() || !fields.multiplexer_costs.empty();
  if (fields.features.empty() || computed) return 0;
  const auto count = static_cast<std::size_t>(fields.features.dim(1));
  return count > most_features ? 0 : count;
}

}  // namespace

GivenFeatures::GivenFeatures(const OutcomeTable& table, std::vector<std::size_t> models)
    : models_(std::move(models)),
      kinds_(kinds_of(table.fields())),
      features_(features_of(table.fields())),
      absent_(models_.size() * kinds_, 0.0) {
  const auto scores = table.fields().answer_scores.span<float>();
  const std::size_t width = static_cast<std::size_t>(table.model_count()) * kinds_;
  for (std::size_t column = 0; column < absent_.size(); ++column) {
    double sum = 0, present = 0;
    for (std::size_t at = place(column); at < scores.size(); at += width) {
      if (std::isnan(scores[at])) continue;
      sum += static_cast<double>(scores[at]);
      present += 1;
    }
    if (present > 0) absent_[column] = sum / present;
  }
}

nlohmann::json GivenFeatures::to_json() const {
  return {{"kinds", kinds_}, {"features", features_}, {"absent", absent_}};
}

GivenFeatures::GivenFeatures(const nlohmann::json& content, std::vector<std::size_t> models)
    : models_(std::move(models)),
      kinds_(content.at("kinds").get<std::size_t>()),
      features_(content.at("features").get<std::size_t>()),
      absent_(content.at("absent").get<std::vector<double>>()) {
  require(kinds_ <= absent_.size() && absent_.size() == models_.size() * kinds_ &&
              features_ <= most_features,
          "given features", text("a mean of each score, at most ", most_features, " features"),
          text(absent_.size(), " of ", kinds_, " kinds, ", features_, " features"));
}

double* GivenFeatures::add(const Evidence& evidence, double* at) const {
  const std::size_t scores = evidence.predictions.size() * kinds_;
  if (evidence.features.size() < features_ ||
      (kinds_ > 0 && evidence.answer_scores.size() != scores)) {
    throw std::invalid_argument(
        error_text("joint confidence",
                   text(scores, " scores, of ", kinds_, " kinds, and ", features_,
                        " features of the input, as it has learnt"),
                   text(evidence.answer_scores.size(), " scores and ", evidence.features.size(),
                        " features")));
  }
  for (std::size_t column = 0; column < absent_.size(); ++column) {
    const float score = evidence.answer_scores[place(column)];
    *at++ = std::isnan(score) ? absent_[column] : static_cast<double>(score);
  }
  const auto known = evidence.features.first(features_);
  return std::copy(known.begin(), known.end(), at);
}

}  // namespace muxnet
