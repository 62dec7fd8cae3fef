#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "muxnet/routing/outcome_table.hpp"

namespace muxnet {

/// Area under the ROC curve: the probability that a positive scores above a negative, ties half.
/// None where one of the two is missing. Throws std::invalid_argument when the lengths differ.
std::optional<double> auroc(std::span<const float> scores, std::span<const std::uint8_t> positive);

/// A corner of the ROC curve: what a threshold on the score takes for positive.
struct RocPoint {
  double false_positive_rate = 0, true_positive_rate = 0;
};

/// From (0, 0) to (1, 1), by falling threshold, without the points between two equal steps. Throws
/// std::invalid_argument when the lengths differ, or where positives or negatives are missing.
std::vector<RocPoint> roc_curve(std::span<const float> scores,
                                std::span<const std::uint8_t> positive);

/// How well it is told in advance whether a model is right (worth at least half): AUROC of its own
/// confidence, over the inputs where it gave one, which is known once it has run, and of the
/// multiplexer's score (its weight where there are no scores); none where the table has none.
struct FailurePrediction {
  std::optional<double> confidence, multiplexer;
};

/// (N). Throws std::invalid_argument for a table without labels.
std::vector<FailurePrediction> failure_prediction(const OutcomeTable& table);

}  // namespace muxnet
