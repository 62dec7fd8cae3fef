#include "muxnet/evaluation/reliability.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr std::size_t most_bins = 15;
constexpr std::size_t inputs_of_a_bin = 50;  // of fewer, chance alone makes the error

struct Sure {
  float confidence = 0, worth = 0;
};

/// By rising confidence; nothing where some are no probabilities.
std::vector<Sure> in_order(std::span<const float> confidences, std::span<const float> worth) {
  std::vector<Sure> answers;
  for (std::size_t i = 0; i < confidences.size(); ++i) {
    if (std::isnan(confidences[i])) continue;
    if (confidences[i] < 0 || confidences[i] > 1) return {};
    answers.push_back({confidences[i], worth[i]});
  }
  std::sort(answers.begin(), answers.end(),
            [](const Sure& a, const Sure& b) { return a.confidence < b.confidence; });
  return answers;
}

ReliabilityBin bin_of(std::span<const Sure> answers) {
  ReliabilityBin bin{static_cast<std::int64_t>(answers.size()), 0, 0};
  const auto count = static_cast<double>(answers.size());
  for (const Sure& answer : answers) {
    bin.confidence += static_cast<double>(answer.confidence) / count;
    bin.accuracy += static_cast<double>(answer.worth) / count;
  }
  return bin;
}

/// (N), of the models of one table.
std::vector<std::optional<Reliability>> of_models(const OutcomeTable& table) {
  const auto confidences = table.confidences().span<float>();
  const auto worth = table.quality().span<float>();
  const auto models = static_cast<std::size_t>(table.model_count());
  std::vector<std::optional<Reliability>> result;
  for (std::size_t model = 0; model < models; ++model) {
    std::vector<float> sure, own;
    for (std::size_t at = model; at < worth.size(); at += models) {
      sure.push_back(confidences[at]);
      own.push_back(worth[at]);
    }
    result.push_back(reliability(sure, own));
  }
  return result;
}

}  // namespace

std::optional<Reliability> reliability(std::span<const float> confidences,
                                       std::span<const float> worth) {
  require(confidences.size() == worth.size(), "reliability", text(worth.size(), " confidences"),
          text(confidences.size()));
  const auto answers = in_order(confidences, worth);
  if (answers.empty()) return {};
  const std::size_t n = answers.size();
  const std::size_t count = std::clamp<std::size_t>(n / inputs_of_a_bin, 1, most_bins);
  Reliability found;
  for (std::size_t first = 0, part = 1; first < n; ++part) {
    std::size_t end = n * part / count;
    if (end <= first) continue;  // an earlier bin has taken all of its confidence
    while (end < n && answers[end].confidence == answers[end - 1].confidence) ++end;
    found.bins.push_back(bin_of(std::span(answers).subspan(first, end - first)));
    first = end;
  }
  for (const ReliabilityBin& bin : found.bins) {
    const auto inputs = static_cast<double>(bin.inputs);
    const double share = inputs / static_cast<double>(n), sure = bin.confidence;
    found.error += share * std::abs(bin.accuracy - sure);
    found.chance +=
        share * std::sqrt(2 * sure * std::max(0.0, 1 - sure) / (std::numbers::pi * inputs));
  }
  return found;
}

std::vector<ModelReliability> model_reliability(const OutcomeTable& table,
                                                const AnswerCalibration* calibration) {
  std::vector<ModelReliability> result;
  for (auto& own : of_models(table)) result.push_back({std::move(own), {}});
  if (calibration == nullptr) return result;
  auto calibrated = of_models(calibration->applied(table));
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i].calibrated = std::move(calibrated[i]);
  }
  return result;
}

std::vector<ModelReliability> model_reliability(const OutcomeTable& held_out,
                                                const OutcomeTable& table) {
  const AnswerCalibration calibration(held_out.complete());
  return model_reliability(table.complete(), &calibration);
}

}  // namespace muxnet
