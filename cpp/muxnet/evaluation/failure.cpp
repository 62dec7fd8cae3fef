#include "muxnet/evaluation/failure.hpp"

#include <algorithm>
#include <numeric>

#include "muxnet/core/error.hpp"

namespace muxnet {

std::optional<double> auroc(std::span<const float> scores, std::span<const std::uint8_t> positive) {
  require(scores.size() == positive.size(), "auroc", text(positive.size(), " scores"),
          text(scores.size()));
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  double negatives = 0, positives = 0, won = 0;
  for (std::size_t at = 0; at < order.size();) {
    double tied_negatives = 0, tied_positives = 0;
    const float score = scores[order[at]];
    for (; at < order.size() && scores[order[at]] == score; ++at) {
      (positive[order[at]] != 0 ? tied_positives : tied_negatives) += 1;
    }
    won += tied_positives * (negatives + 0.5 * tied_negatives);
    negatives += tied_negatives;
    positives += tied_positives;
  }
  if (negatives == 0 || positives == 0) return {};
  return won / (negatives * positives);
}

std::vector<FailurePrediction> failure_prediction(const OutcomeTable& table) {
  const auto correct = table.correct().span<std::uint8_t>();
  const auto confidences = table.confidences().span<float>();
  const auto& scored =
      table.fields().scores.empty() ? table.fields().weights : table.fields().scores;
  const auto models = static_cast<std::size_t>(table.model_count());
  std::vector<FailurePrediction> result;
  for (std::size_t model = 0; model < models; ++model) {
    std::vector<std::uint8_t> right;
    std::vector<float> confidence, score;
    for (std::size_t at = model; at < correct.size(); at += models) {
      right.push_back(correct[at]);
      confidence.push_back(confidences[at]);
      if (!scored.empty()) score.push_back(scored.span<float>()[at]);
    }
    FailurePrediction found{auroc(confidence, right), {}};
    if (!score.empty()) found.multiplexer = auroc(score, right);
    result.push_back(found);
  }
  return result;
}

}  // namespace muxnet
