#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <vector>

#include "muxnet/routing/outcome_table.hpp"
#include "muxnet/routing/rule.hpp"

namespace muxnet {

/// How surely an answer is right that comes with a score of any range, and what else it may be:
///   p(k | j, s) = c_j(s) for the class k = j answered, else (1 - c_j(s)) q(k | j).
/// c_j rises with the score: right answers by quantile bins of it, of a class shrunk to the curve
/// of all classes, shifted to the class's own level, made monotone and interpolated. q is the
/// confusion of wrong answers, shrunk to how often a class is the label.
class ScoreCalibration {
 public:
  /// Learns from rows: class answered, score (NaN: none), what the answer is worth in [0, 1] and,
  /// where there are labels, the label.
  ScoreCalibration(std::span<const std::int32_t> answers, std::span<const float> scores,
                   std::span<const float> quality, std::span<const std::int32_t> labels,
                   std::size_t classes);

  nlohmann::json to_json() const;
  /// Throws std::invalid_argument, or what the JSON library throws, on what does not fit.
  ScoreCalibration(const nlohmann::json& content, std::size_t classes);

  /// c_j(s), clipped to [1e-4, 1 - 1e-4].
  double confidence(std::int32_t answer, float score) const;
  /// Below or above the means of all bins; of few different scores these are the scores.
  bool beyond(float score) const { return score < centres_.front() || score > centres_.back(); }
  /// The whole distribution: of all classes where `listed` has no room, else of the likeliest by
  /// falling probability. Returns the likeliest class: another than the answer where that is wrong
  /// more often than right.
  std::int32_t fill(std::int32_t answer, float score, std::span<std::int32_t> listed,
                    std::span<float> values) const;

 private:
  using Curve =
      std::vector<double>;  ///< a value for each bin, the last for answers without a score

  std::size_t bin_of(float score) const;
  void find_bins(std::span<const float> scores);
  void learn_curves(std::span<const std::int32_t> answers, std::span<const float> scores,
                    std::span<const float> quality);
  void learn_confusion(std::span<const std::int32_t> answers, std::span<const std::int32_t> labels);
  Curve monotone(Curve values, const Curve& weights) const;
  /// What an answer may be where it is wrong, as shares: of all classes, or of the likeliest.
  struct Others {
    std::vector<std::int32_t> classes;  ///< empty: all
    std::vector<double> shares;
  };
  double share_of(std::int32_t k) const;
  Others find_others(std::int32_t answer) const;
  void remember_others();

  std::size_t classes_;
  std::vector<double> cuts_, centres_;  ///< between the bins, and mean scores within
  Curve own_;                           ///< of all classes
  std::map<std::int32_t, Curve> curves_;
  std::map<std::int32_t, std::map<std::int32_t, double>> wrong_;  ///< answer -> label -> how often
  std::vector<double> labels_;  ///< how often each is the label; empty: there were none
  double label_count_ = 0;
  std::map<std::int32_t, Others> others_;  ///< of each answer met
};

/// The same for all models of a table: distributions for answers alone.
class AnswerCalibration {
 public:
  /// Learns from all rows of a judged table, of each model from those that it answered. Throws
  /// std::invalid_argument for a model that answered none.
  explicit AnswerCalibration(const OutcomeTable& table);

  nlohmann::json to_json() const;
  /// Throws as ScoreCalibration.
  explicit AnswerCalibration(const nlohmann::json& content);

  /// The table with distributions in place of scores, and the likeliest classes for answers. That
  /// of the last table is kept.
  OutcomeTable applied(const OutcomeTable& table) const;
  /// `table` with distributions that are learnt from its own answers and scores, each row's by what
  /// was learnt without it (five folds).
  static OutcomeTable cross_fitted(const OutcomeTable& table);

  /// (N), the share of each model's scores on a table of these models that lie beyond nearly all it
  /// has learnt from: a thirty-second of those do at either end. NaN where there are none.
  std::vector<double> beyond(const OutcomeTable& table) const;

  std::size_t models() const { return models_.size(); }
  std::size_t classes() const { return classes_; }
  /// What an answer of a model with this score may be, as ScoreCalibration::fill() has it. Returns
  /// the class to give: where it has learnt from labels the likeliest, which is another than the
  /// answer where that is wrong more often than right.
  std::int32_t fill(std::size_t model, std::int32_t answer, float score,
                    std::span<std::int32_t> listed, std::span<float> values) const {
    const std::int32_t likeliest = models_[model].fill(answer, score, listed, values);
    return turns_ ? likeliest : answer;
  }

 private:
  std::size_t classes_;
  bool turns_;
  std::vector<ScoreCalibration> models_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const TableIdentity> last_table_;
  mutable std::shared_ptr<const OutcomeTable> last_;
};

/// A rule on calibrated answers, for evidence as models give it.
class CalibratedRule final : public Rule {
 public:
  CalibratedRule(std::unique_ptr<Rule> rule, std::shared_ptr<const AnswerCalibration> calibration)
      : rule_(std::move(rule)), calibration_(std::move(calibration)) {}

  Step next(const Evidence& evidence) const override;
  Reason explain(const Evidence& evidence) const override;
  std::int32_t combine(const Evidence& evidence, std::uint64_t answer_from,
                       std::span<float> probabilities) const override;
  double confidence(const Evidence& evidence, std::uint64_t answer_from,
                    std::int32_t answer) const override;
  double macs() const override { return rule_->macs(); }
  std::uint64_t may_call() const override { return rule_->may_call(); }
  std::uint64_t answer_now(const Evidence& evidence) const override;
  Decisions replay(const OutcomeTable& table) const override {
    return rule_->replay(calibration_->applied(table));
  }

 private:
  std::unique_ptr<Rule> rule_;
  std::shared_ptr<const AnswerCalibration> calibration_;
};

}  // namespace muxnet
