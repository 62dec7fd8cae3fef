#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "muxnet/routing/outcome_table.hpp"
#include "muxnet/routing/rule.hpp"

namespace muxnet {

/// What a set of models says together of an input, and how surely that is right.
///
/// The answer is a product of experts, p ~ prod_m p_m^w_m, its exponents w_m >= 0 chosen for the
/// likelihood of held-out labels. Its confidence is a logistic regression on, of each model and of
/// the answer, log-odds and margin of the top class and entropy; which pairs agree; and, up to 64
/// classes, the class answered and the second likeliest.
class JointConfidence {
 public:
  /// Learns from all rows of a labelled table. `models`: positions, at least one. `target`: (n) of
  /// 0 or 1, whose probability is learnt; where empty, that the answer is right.
  JointConfidence(const OutcomeTable& table, std::vector<std::size_t> models,
                  std::span<const std::uint8_t> target = {});

  /// What answers and confidences need, without what it learnt from; and its way back, which throws
  /// std::invalid_argument, or what the JSON library throws, on what does not fit.
  nlohmann::json to_json() const;
  explicit JointConfidence(const nlohmann::json& content);

  /// Bits of its models.
  std::uint64_t set() const;

  /// The joint probabilities (K) of an input that all its models have answered; returns the class.
  std::int32_t answer(const Evidence& evidence, std::span<float> probabilities) const;

  /// Probability of the target.
  double confidence(const Evidence& evidence) const;

  /// For each row of the table that it learnt from: the confidence by a regression that did not
  /// learn from that row (five folds), which thresholds may be chosen on; confidence(); and whether
  /// the answer is right. Empty when it comes from JSON.
  const std::vector<double>& cross_fitted() const { return cross_fitted_; }
  const std::vector<double>& fitted() const { return fitted_; }
  const std::vector<std::uint8_t>& correct() const { return correct_; }

 private:
  void fit_exponents(const OutcomeTable& table);
  void fit_confidence(const OutcomeTable& table, std::span<const std::uint8_t> target);
  std::size_t feature_count() const;
  std::size_t class_features() const;
  std::int32_t features(const Evidence& evidence, std::span<double> values) const;

  std::vector<std::size_t> models_;
  std::size_t classes_;
  std::vector<double> exponents_;     ///< one per model
  std::vector<double> coefficients_;  ///< of the features, the constant last
  std::vector<double> cross_fitted_, fitted_;
  std::vector<std::uint8_t> correct_;
};

/// Learnt confidences by JointConfidence::set().
using Confidences = std::map<std::uint64_t, JointConfidence>;

/// As Policy::learnt() keeps them.
nlohmann::json confidences_json(const Confidences& confidences);

/// What confidences_json() gave, for a pool of `models`. Throws std::invalid_argument, which names
/// `where`, for sets of others, and as JointConfidence.
std::shared_ptr<const Confidences> read_confidences(const nlohmann::json& sets, std::size_t models,
                                                    const std::string& where);

}  // namespace muxnet
