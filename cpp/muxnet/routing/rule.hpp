#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "muxnet/core/tensor.hpp"
#include "muxnet/routing/decisions.hpp"
#include "muxnet/routing/distribution.hpp"
#include "muxnet/routing/model_mask.hpp"
#include "muxnet/routing/outcome_table.hpp"

namespace muxnet {

/// What is known about one input at some stage. Entries of models not yet called are not to be
/// read: in a replay they are recorded already, in service they do not exist.
struct Evidence {
  std::int64_t input = 0;          ///< its place where it came from, names its random draws
  std::span<const float> weights;  ///< (N) or empty
  std::span<const float> scores;   ///< (N) or empty
  float offload_score = std::numeric_limits<float>::quiet_NaN();
  std::span<const float> features;            ///< (F) or empty
  std::uint64_t called = 0;                   ///< bit i: model i has answered
  std::size_t classes = 0;                    ///< K
  std::span<const std::int32_t> predictions;  ///< (N), classes
  std::span<const float> confidences;         ///< (N), max-softmax or a score of any range, or NaN
  std::span<const float> answer_scores;       ///< (N, S) or empty
  std::span<const float> probabilities;       ///< (N, W), as OutcomeFields has them, or empty
  std::span<const std::int32_t> top_classes;  ///< (N, W) or empty: of all classes
  std::span<const float> whole;               ///< (N, K), where models answer now, or empty
  std::int32_t label = -1;                    ///< only the oracle may read it; -1: not known
  std::span<const float> quality;             ///< (N), only the oracle may read it; or empty

  /// What a model called answered; empty where it gives no distribution.
  Distribution distribution(std::size_t model) const;
};

/// The rows of a table as evidence, of which nothing is called yet. The table must outlive it.
class OutcomeRows {
 public:
  explicit OutcomeRows(const OutcomeTable& table);
  Evidence at(std::size_t row) const;

 private:
  const OutcomeTable* table_;
};

/// The answer of one model called, and what it says of the classes.
std::int32_t answer_alone(const Evidence& evidence, std::size_t model,
                          std::span<float> probabilities);

/// Makes `joint` one over the classes alone that these models answer.
void keep_answers(const Evidence& evidence, std::uint64_t models, Mixture& joint);

/// All probability to one answer, where there is room for probabilities: of models that give none.
void tell(std::int32_t answer, std::span<float> probabilities);

/// What to do next: call more models, or answer from some of those called.
struct Step {
  std::uint64_t call = 0;
  std::uint64_t answer_from = 0;
};

/// The comparison that decided a step: `value` of `quantity` against `threshold`.
struct Reason {
  std::string quantity;  ///< such as "max_softmax"; empty: nothing was compared
  double value = 0;
  std::string relation;  ///< that holds between the two: ">=", ">", "<" or "<="
  double threshold = 0;
  std::string against = "threshold";  ///< what the threshold is
  std::vector<double> values;         ///< (N), the quantity of every model where each has one
  double propensity = 1;              ///< the chance of this step, where it was drawn

  static Reason at_least(std::string quantity, double value, double threshold);
  static Reason above(std::string quantity, double value, double threshold);
};

/// One operating point of a policy, ready to decide: a machine that is asked for its next step
/// until it answers. The same rule replays recorded outcomes and runs in service. Safe to share
/// among threads.
class Rule {
 public:
  virtual ~Rule() = default;

  /// A step either calls at least one model not yet called or answers from called ones. Throws
  /// std::invalid_argument when the rule needs the multiplexer's output and there is none.
  virtual Step next(const Evidence& evidence) const = 0;

  /// Why next() takes the step that it takes; by default nothing is compared.
  virtual Reason explain(const Evidence& evidence) const;

  /// The class answered: the argmax of the mean probabilities of `answer_from`, which
  /// `probabilities` (K), where there is room for them, receives; of models without distributions
  /// the class that most of them give, of equals the surest one's. Of one model this must stay its
  /// own answer: a replay reads that from the table's predictions.
  virtual std::int32_t combine(const Evidence& evidence, std::uint64_t answer_from,
                               std::span<float> probabilities) const;

  /// How sure `answer`, which combine() gives, is: its probability; of answers without
  /// distributions the score of the one model's, or the share of several that give it. NaN: nothing
  /// tells.
  virtual double confidence(const Evidence& evidence, std::uint64_t answer_from,
                            std::int32_t answer) const;

  /// Answers less sure than this are left to a person; none: there are no such.
  const std::optional<double>& least_confidence() const { return least_confidence_; }
  void require_confidence(double least) { least_confidence_ = least; }
  /// Whether an answer of that confidence is left to a person.
  bool abstains(double confidence) const;

  /// Whether an answer from several models must be one that some of them gives, as where the worth
  /// of those alone is known.
  void answer_among(bool among) { among_answers_ = among; }

  /// MACs that deciding itself takes for each input, where they are worth counting.
  virtual double macs() const { return 0; }

  /// Bits of the models that it may call.
  virtual std::uint64_t may_call() const { return ~std::uint64_t{0}; }

  /// The models, of those called (at least one), to answer from when no further one may be called.
  virtual std::uint64_t answer_now(const Evidence& evidence) const { return evidence.called; }

  /// Decisions for every row of a table that has no answer missing, by stepping through each.
  virtual Decisions replay(const OutcomeTable& table) const;

 private:
  std::optional<double> least_confidence_;
  bool among_answers_ = false;
};

/// Calls the models `called` (at least one bit) at once and answers from all of them.
class FixedRule final : public Rule {
 public:
  explicit FixedRule(std::uint64_t called) : called_(called) {}
  std::uint64_t may_call() const override { return called_; }
  Step next(const Evidence& evidence) const override {
    return evidence.called == 0 ? Step{called_, 0} : Step{0, evidence.called};
  }

 private:
  std::uint64_t called_;
};

/// f32 (n, K), the probabilities of the rule's answers to the rows of a table.
Tensor answer_probabilities(const Rule& rule, const OutcomeTable& table);

/// (n), Rule::confidence() of the rule's answers to the rows of a table.
std::vector<double> answer_confidences(const Rule& rule, const OutcomeTable& table);

/// Throws std::logic_error for a step that calls nothing new, or answers from what was not called.
void check_step(const Step& step, std::uint64_t called);

/// Steps on from what is called until the rule answers, and returns that last step.
/// each(evidence, step) sees every step with the evidence that it was taken on.
template <class Each>
Step run_steps(const Rule& rule, Evidence& evidence, const Each& each) {
  for (;;) {
    const Step step = rule.next(evidence);
    check_step(step, evidence.called);
    each(evidence, step);
    if (step.call == 0) return step;
    evidence.called |= step.call;
  }
}

}  // namespace muxnet
