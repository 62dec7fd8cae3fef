#include "muxnet/evaluation/failure.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "muxnet/core/error.hpp"

namespace muxnet {

namespace {

/// Inputs of equal score.
struct Tie {
  double negatives = 0, positives = 0;
};

/// By falling score.
std::vector<Tie> ties_of(const char* where, std::span<const float> scores,
                         std::span<const std::uint8_t> positive) {
  require(scores.size() == positive.size(), where, text(positive.size(), " scores"),
          text(scores.size()));
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  std::vector<Tie> ties;
  for (std::size_t at = 0; at < order.size(); ++at) {
    if (at == 0 || scores[order[at]] != scores[order[at - 1]]) ties.emplace_back();
    (positive[order[at]] != 0 ? ties.back().positives : ties.back().negatives) += 1;
  }
  return ties;
}

}  // namespace

std::optional<double> auroc(std::span<const float> scores, std::span<const std::uint8_t> positive) {
  double negatives = 0, positives = 0, won = 0;
  for (const Tie& tie : ties_of("auroc", scores, positive)) {
    won += tie.negatives * (positives + 0.5 * tie.positives);
    negatives += tie.negatives;
    positives += tie.positives;
  }
  if (negatives == 0 || positives == 0) return {};
  return won / (negatives * positives);
}

std::vector<RocPoint> roc_curve(std::span<const float> scores,
                                std::span<const std::uint8_t> positive) {
  const auto ties = ties_of("roc_curve", scores, positive);
  Tie all;
  for (const Tie& tie : ties) {
    all.negatives += tie.negatives;
    all.positives += tie.positives;
  }
  require(all.negatives > 0 && all.positives > 0, "roc_curve", "positives and negatives",
          "one kind only");
  std::vector<RocPoint> points{{0, 0}};
  Tie taken;
  for (std::size_t at = 0; at < ties.size(); ++at) {
    taken.negatives += ties[at].negatives;
    taken.positives += ties[at].positives;
    const bool between = at > 0 && at + 1 < ties.size();
    if (between && ties[at].negatives == ties[at + 1].negatives &&
        ties[at].positives == ties[at + 1].positives) {
      continue;
    }
    points.push_back({taken.negatives / all.negatives, taken.positives / all.positives});
  }
  return points;
}

/// Of inputs with a score; none where there are none.
std::optional<double> auroc_of_known(const std::vector<float>& scores,
                                     const std::vector<std::uint8_t>& positive) {
  std::vector<float> known;
  std::vector<std::uint8_t> own;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (std::isnan(scores[i])) continue;
    known.push_back(scores[i]);
    own.push_back(positive[i]);
  }
  return auroc(known, own);
}

std::vector<FailurePrediction> failure_prediction(const OutcomeTable& table) {
  const auto correct = table.right();
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
    result.push_back({auroc_of_known(confidence, right), auroc_of_known(score, right)});
  }
  return result;
}

}  // namespace muxnet
