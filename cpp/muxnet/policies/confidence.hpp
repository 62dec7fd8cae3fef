#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "muxnet/policies/experts.hpp"
#include "muxnet/policies/given_features.hpp"
#include "muxnet/routing/outcome_table.hpp"
#include "muxnet/routing/policy.hpp"
#include "muxnet/routing/rule.hpp"

namespace muxnet {

/// What a set of models says together of an input, and how surely that is right.
///
/// The answer is a product of experts, p ~ prod_m p_m^w_m, its exponents w_m >= 0 chosen for the
/// likelihood of held-out labels; where the quality of answers was recorded instead, the likeliest
/// class that one of the models answers. Its confidence is a logistic regression on, of each model
/// and of the answer, log-odds and margin of the top class and entropy; which pairs agree; what is
/// given beside the answers (GivenFeatures); and, up to 64 classes, the class answered and the
/// second likeliest.
class JointConfidence {
 public:
  /// Learns from all rows of a judged table of distributions. `models`: positions, at least one.
  /// `target`: (n) in [0, 1], whose mean is learnt; where empty, what the answer is worth.
  JointConfidence(const OutcomeTable& table, std::vector<std::size_t> models,
                  std::span<const double> target = {});

  /// What answers and confidences need, without what it learnt from; and its way back, which throws
  /// std::invalid_argument, or what the JSON library throws, on what does not fit.
  nlohmann::json to_json() const;
  explicit JointConfidence(const nlohmann::json& content);

  /// Bits of its models.
  std::uint64_t set() const;
  /// Of the distributions that it has learnt from.
  std::size_t classes() const { return classes_; }

  /// The joint probabilities (K) of an input that all its models have answered; returns the class.
  std::int32_t answer(const Evidence& evidence, std::span<float> probabilities) const;

  /// Expected target: of right and wrong its probability.
  double confidence(const Evidence& evidence) const;

  /// Learns from the same rows what asking further models, one of them each, would gain: (n) is
  /// what the answer of these models and that one is worth.
  void learn_gains(const OutcomeTable& table,
                   const std::map<std::size_t, std::span<const double>>& with_next);
  bool knows_gain(std::size_t next) const { return gains_.count(next) > 0; }
  /// Expected gain of asking `next`, in [-1, 1]: sigmoid(x b_next) - confidence().
  double gain(const Evidence& evidence, std::size_t next) const;
  /// As cross_fitted() and fitted(), of gains.
  const std::vector<double>& cross_fitted_gain(std::size_t next) const {
    return gains_.at(next).cross_fitted;
  }
  const std::vector<double>& fitted_gain(std::size_t next) const { return gains_.at(next).fitted; }

  /// For each row of the table that it learnt from: the confidence by a regression that did not
  /// learn from that row (five folds), which thresholds may be chosen on; confidence(); and what
  /// the answer is worth. Empty when it comes from JSON.
  const std::vector<double>& cross_fitted() const { return cross_fitted_; }
  const std::vector<double>& fitted() const { return fitted_; }
  const std::vector<double>& quality() const { return quality_; }
  /// Makes fitted() and fitted_gain() what it says of the same inputs with the answers of `table`.
  void show(const OutcomeTable& table);

 private:
  void fit_confidence(const OutcomeTable& table, std::span<const double> target);
  /// Standardised features of all rows, and the way back of coefficients.
  struct Design;
  Design design_of(const OutcomeTable& table) const;
  std::size_t feature_count() const;
  std::size_t class_features() const;
  void multiply(const Evidence& evidence, Experts& experts) const;
  std::int32_t choose(const Evidence& evidence, const Mixture& joint) const;
  std::int32_t features(const Evidence& evidence, std::span<double> values) const;

  std::vector<std::size_t> models_;
  std::size_t classes_;
  bool among_answers_;  ///< the class must be one that some model answers
  GivenFeatures given_;
  std::vector<double> exponents_;     ///< one per model
  std::vector<double> coefficients_;  ///< of the features, the constant last
  /// Of the answer once a further model has been asked.
  struct Gain {
    std::vector<double> coefficients, cross_fitted, fitted;
  };
  std::map<std::size_t, Gain> gains_;
  double ridge_ = 1;
  std::vector<double> cross_fitted_, fitted_, quality_;
};

/// Learnt confidences by JointConfidence::set().
using Confidences = std::map<std::uint64_t, JointConfidence>;

/// As Policy::learnt() keeps them.
nlohmann::json confidences_json(const Confidences& confidences);

/// Throws std::invalid_argument, which names the policy, unless it is of its models and classes.
void check_joint(const JointConfidence& joint, const Policy& policy);
/// What confidences_json() gave, for a policy. Throws as check_joint() and JointConfidence.
std::shared_ptr<const Confidences> read_confidences(const nlohmann::json& sets,
                                                    const Policy& policy);

}  // namespace muxnet
