#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "muxnet/core/tensor.hpp"
#include "muxnet/routing/distribution.hpp"
#include "muxnet/routing/outcome_fields.hpp"
#include "muxnet/routing/table_identity.hpp"

namespace muxnet {

/// Recorded answers of N models, checked once and immutable; copies share everything. Threads may
/// use it at once. What an answer is worth is computed at construction, so that policies replay
/// without touching the classes again.
class OutcomeTable {
 public:
  /// Throws std::invalid_argument that names the field, row and model at fault: shapes that
  /// disagree, probabilities outside [0, 1], not finite or summing to other than 1 (by more than
  /// 1e-2, which float16 sources need), classes outside [0, K), quality outside [0, 1], costs below
  /// 0, a router's output without its cost.
  explicit OutcomeTable(OutcomeFields fields);

  /// Throws FileError.
  static OutcomeTable load(const std::filesystem::path& path);
  void save(const std::filesystem::path& path) const;

  std::int64_t size() const { return fields_->predictions.dim(0); }
  std::int64_t model_count() const { return fields_->predictions.dim(1); }
  std::int64_t class_count() const { return fields_->classes; }
  const OutcomeFields& fields() const { return *fields_; }
  const std::vector<std::string>& models() const {  ///< names, in their order
    return fields_->models;
  }  ///< names, in their order
  const std::shared_ptr<const TableIdentity>& identity() const { return identity_; }

  bool labelled() const { return !fields_->labels.empty(); }
  /// i32 (n). Throws std::invalid_argument when the table has none.
  std::span<const std::int32_t> labels() const;
  /// Answers can be told good from bad: there are labels, or quality.
  bool judged() const { return labelled() || by_quality(); }
  /// What answers are worth was recorded, in place of what follows from labels.
  bool by_quality() const { return !fields_->quality.empty(); }
  /// Every model answered with a distribution.
  bool distributed() const { return !fields_->probabilities.empty(); }
  /// Some answers were not recorded.
  bool incomplete() const { return missing_ > 0; }
  /// Share of the n N answers that were not recorded.
  double missing_share() const {
    return static_cast<double>(missing_) / static_cast<double>(fields_->predictions.size());
  }
  /// The rows of inputs that every model answered.
  std::vector<std::int64_t> complete_rows() const;
  /// The inputs that every model answered, by the same places; the table itself where all are.
  /// Throws std::invalid_argument where there are none.
  OutcomeTable complete() const;

  const Tensor& predictions() const { return fields_->predictions; }  ///< i32 (n, N), classes
  /// f32 (n, N): probability of the class answered, else the first of its scores, else NaN.
  const Tensor& confidences() const { return confidences_; }
  /// What a model answered to an input.
  Distribution distribution(std::size_t row, std::size_t model) const;
  /// f32 (n, N, K), of all classes; (0, N, K) of answers alone.
  Tensor distributions() const;
  /// f32 (n, N) in [0, 1]: what an answer is worth, 1 or 0 by its label where no quality was
  /// recorded; NaN where there is no answer. Throws std::invalid_argument with neither.
  const Tensor& quality() const;
  /// (n N) of 0 or 1: the answer is right: worth at least half.
  std::vector<std::uint8_t> right() const;
  /// (N), mean quality of each model alone over what it answered: of labels its share of right
  /// answers.
  std::vector<double> accuracies() const;

  /// (N). Throws std::invalid_argument that lists the kinds there are.
  const std::vector<double>& costs(const std::string& kind) const;
  /// The kind of cost to trade against accuracy: the one wanted, else "macs", else the first by
  /// name. Throws std::invalid_argument that lists the kinds there are.
  std::string traded_cost(const std::string& wanted = "") const;
  /// Cost of one pass of the multiplexer; 0 when the table has no multiplexer.
  double multiplexer_cost(const std::string& kind) const;

  /// The bit of the model that has to run before the multiplexer can look; 0: none.
  std::uint64_t called_first() const;

  /// The rows `rows`, in that order, which keep their place in the source. Throws
  /// std::invalid_argument on a row outside [0, n). `split` renames the part when not empty.
  OutcomeTable subset(std::span<const std::int64_t> rows, const std::string& split = "") const;

  /// What the models at these places answered, in that order, without what a multiplexer said of
  /// them. Throws std::invalid_argument on a place outside [0, N), or the same one twice.
  OutcomeTable of_models(const std::vector<std::int64_t>& places) const;
  /// With the scores of these kinds, in that order. Throws std::invalid_argument for a kind that it
  /// does not have.
  OutcomeTable of_score_kinds(const std::vector<std::string>& kinds) const;

 private:
  void derive_confidences();
  void derive_quality();

  std::shared_ptr<const OutcomeFields> fields_;
  std::shared_ptr<const TableIdentity> identity_;
  Tensor confidences_;
  Tensor quality_;
  std::int64_t missing_ = 0;
};

/// What calls of one kind cost: what was recorded of each input, else what is expected of the
/// model.
class CallCost {
 public:
  /// Throws std::invalid_argument that lists the kinds there are. The table must outlive it.
  CallCost(const OutcomeTable& table, const std::string& kind);
  double operator()(std::size_t row, std::size_t model) const {
    return recorded_.empty() ? (*expected_)[model]
                             : static_cast<double>(recorded_[row * expected_->size() + model]);
  }
  double expected(std::size_t model) const { return (*expected_)[model]; }
  /// What a call cost beyond the expected: of costs that are the same for all inputs exactly 0, so
  /// that sums of counts stay exact.
  double beyond(std::size_t row, std::size_t model) const {
    return recorded_.empty() ? 0.0 : (*this)(row, model) - expected(model);
  }

 private:
  const std::vector<double>* expected_;
  std::span<const float> recorded_;
};

}  // namespace muxnet
