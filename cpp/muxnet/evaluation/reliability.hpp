#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "muxnet/routing/answer_calibration.hpp"
#include "muxnet/routing/outcome_table.hpp"

namespace muxnet {

/// Inputs of about the same confidence.
struct ReliabilityBin {
  std::int64_t inputs = 0;  ///< how many there are
  double confidence = 0;    ///< mean over them
  double accuracy = 0;      ///< share of right answers, or mean quality
};

/// How far confidences lie from what answers are worth.
struct Reliability {
  double error = 0;  ///< sum_b (n_b / n) |accuracy_b - confidence_b|
  /// What chance alone would make of it were every confidence c that of being right:
  ///   sum_b (n_b / n) sqrt(2 c_b (1 - c_b) / (pi n_b)).
  double chance = 0;
  std::vector<ReliabilityBin> bins;  ///< by rising confidence
};

/// Expected calibration error over bins of equally many inputs, 50 or more of them and at most 15
/// bins; inputs of equal confidence share a bin. Answers without a confidence (NaN) are left out.
/// None where there is no confidence, or one outside [0, 1], which is no probability. Throws
/// std::invalid_argument when the lengths differ.
std::optional<Reliability> reliability(std::span<const float> confidences,
                                       std::span<const float> worth);

/// Of one model; none where its confidence is no probability.
struct ModelReliability {
  std::optional<Reliability> given;       ///< of its confidence as it gave it
  std::optional<Reliability> calibrated;  ///< of what was learnt from others; none: nothing was
};

/// (N), of a table that every model answered; `calibration` may be null, and has learnt from other
/// inputs. Throws std::invalid_argument for a table without labels and quality.
std::vector<ModelReliability> model_reliability(const OutcomeTable& table,
                                                const AnswerCalibration* calibration);

/// The same with a calibration learnt from the answers of `held_out`, on the inputs of both tables
/// that every model answered.
std::vector<ModelReliability> model_reliability(const OutcomeTable& held_out,
                                                const OutcomeTable& table);

}  // namespace muxnet
