#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "muxnet/core/error.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/core/sigmoid.hpp"
#include "muxnet/policies/chain_search.hpp"
#include "muxnet/policies/confidence.hpp"
#include "muxnet/policies/registry.hpp"

namespace muxnet {
namespace {

constexpr std::size_t most_models = 8;  // pairs of them: 28
constexpr std::size_t points_of_a_pair = 24;

/// Two models, or one: when the first is passed over, and when it is not enough.
struct Stages {
  std::size_t first = 0, last = 0;
  double entry = 0;      ///< the first is called where its score's sigmoid is at least this
  double threshold = 0;  ///< and answers alone where it is as sure as this

  bool single() const { return first == last; }
  std::uint64_t both() const { return model_bit(first) | model_bit(last); }
};

class StagedRule : public Rule {
 public:
  StagedRule(const Stages& stages, std::shared_ptr<const Confidences> confidences)
      : stages_(stages), confidences_(std::move(confidences)) {}

  Step next(const Evidence& evidence) const override {
    const std::uint64_t first = model_bit(stages_.first), last = model_bit(stages_.last);
    if (evidence.called == 0) return {score(evidence) >= stages_.entry ? first : last, 0};
    if (evidence.called != first || stages_.single()) return {0, evidence.called};
    if (confidence(evidence) >= stages_.threshold) return {0, first};
    return {last, 0};
  }

  std::uint64_t may_call() const override { return stages_.both(); }

  Reason explain(const Evidence& evidence) const override {
    if (evidence.called == 0) return Reason::at_least("score", score(evidence), stages_.entry);
    if (evidence.called != model_bit(stages_.first) || stages_.single()) return {};
    return Reason::at_least("learned confidence", confidence(evidence), stages_.threshold);
  }

  std::int32_t combine(const Evidence& evidence, std::uint64_t answer_from,
                       std::span<float> probabilities) const override {
    return confidences_->at(answer_from).answer(evidence, probabilities);
  }

 private:
  double score(const Evidence& evidence) const {
    require(!evidence.scores.empty(), "staged rule", "the multiplexer's scores", "none");
    return sigmoid(static_cast<double>(evidence.scores[stages_.first]));
  }
  double confidence(const Evidence& evidence) const {
    return confidences_->at(model_bit(stages_.first)).confidence(evidence);
  }

  Stages stages_;
  std::shared_ptr<const Confidences> confidences_;
};

/// How many inputs, and right answers, lie at or above a place of both kinds of bins.
class Counts {
 public:
  Counts(std::size_t rows, std::size_t columns) : columns_(columns), cells_(rows * columns) {}
  double& at(std::size_t row, std::size_t column) { return cells_[row * columns_ + column]; }
  /// Each cell becomes the sum of itself and all those of higher numbers.
  void accumulate() {
    const std::size_t rows = cells_.size() / columns_;
    for (std::size_t i = rows; i-- > 0;) {
      for (std::size_t j = columns_; j-- > 0;) {
        if (i + 1 < rows) at(i, j) += at(i + 1, j);
        if (j + 1 < columns_) at(i, j) += at(i, j + 1);
        if (i + 1 < rows && j + 1 < columns_) at(i, j) -= at(i + 1, j + 1);
      }
    }
  }

 private:
  std::size_t columns_;
  std::vector<double> cells_;
};

/// `staged_cascade`: the multiplexer first, a cascade after it. Of two models the cheaper one is
/// passed over where its score says that it is wrong; where it is called, it answers alone where a
/// regression on its answer (JointConfidence) is sure enough, else with the dearer one, as their
/// product of experts. All pairs (of more than eight models of the eight most promising) and
/// thresholds are searched on cross-fitted confidences; the scores must come from inputs that the
/// multiplexer has not learnt from. Parameters: first, last, entry, threshold.
class StagedCascadePolicy : public Policy {
 public:
  using Policy::Policy;
  std::string name() const override { return "staged_cascade"; }
  Needs needs() const override { return {.scores = true, .distributions = true}; }

 private:
  std::vector<OperatingPoint> search(const OutcomeTable& held_out) override {
    require(held_out.size() >= 2, name(), "a table of at least 2 inputs", text(held_out.size()));
    require(!held_out.fields().scores.empty(), name(), "the multiplexer's scores", "none");
    const auto models = promising(by_cost(), held_out.accuracies(), most_models);
    auto learnt = std::make_shared<Confidences>();
    for (const auto& set : model_sets(models, 2)) {
      learnt->emplace(bits_of(set), JointConfidence(held_out, set));
    }
    confidences_ = std::move(learnt);
    std::vector<OperatingPoint> points;
    for (const auto& set : model_sets(models, 2)) add_points(held_out, set, points);
    return points;
  }

  void add_points(const OutcomeTable& held_out, const std::vector<std::size_t>& set,
                  std::vector<OperatingPoint>& points) const {
    const auto add = [&](const Stages& stages) {
      OperatingPoint& point = points.emplace_back();
      point.parameters = {{"first", static_cast<double>(stages.first)},
                          {"last", static_cast<double>(stages.last)},
                          {"entry", stages.entry},
                          {"threshold", stages.threshold}};
      measure_stages(held_out, stages, point);
    };
    if (set.size() == 1) return add({set[0], set[0], 0, 0});
    for (const Stages& stages : promising_thresholds(held_out, set)) add(stages);
  }

  /// The front of a pair's thresholds, found by counting.
  std::vector<Stages> promising_thresholds(const OutcomeTable& held_out,
                                           const std::vector<std::size_t>& set) const {
    const auto& first = confidences_->at(model_bit(set[0]));
    const auto& last = confidences_->at(model_bit(set[1]));
    const auto& both = confidences_->at(bits_of(set));
    const auto bins = static_cast<std::size_t>(options().bins);
    const ChainState entry(scores_of(held_out, set[0]), first.quality(), bins);
    const ChainState sure(first.cross_fitted(), first.quality(), bins);
    const std::size_t rows = entry.thresholds.size(), columns = sure.thresholds.size();
    const CallCost cost(held_out, options().cost_kind);
    Counts inputs(rows, columns), alone(rows, columns), joint(rows, columns), after(rows, 1);
    Counts beyond_first(rows, columns), beyond_last(rows, columns);
    for (std::size_t row = 0; row < entry.bins.size(); ++row) {
      const std::size_t i = entry.bins[row], j = sure.bins[row];
      inputs.at(i, j) += 1;
      alone.at(i, j) += first.quality()[row];
      joint.at(i, j) += both.quality()[row];
      after.at(i, 0) += last.quality()[row];
      beyond_first.at(i, j) += cost.beyond(row, set[0]);
      beyond_last.at(i, j) += cost.beyond(row, set[1]);
    }
    for (Counts* counts : {&inputs, &alone, &joint, &after, &beyond_first, &beyond_last}) {
      counts->accumulate();
    }
    std::vector<PlanePoint> plane;
    std::vector<Stages> found;
    const double n = inputs.at(0, 0);
    const auto added = added_costs();
    for (std::size_t s = 0; s + 1 < rows; ++s) {  // the last would pass over all
      for (std::size_t t = 0; t < columns; ++t) {
        const double entered = inputs.at(s, 0), answered = inputs.at(s, t);
        const double right =
            after.at(0, 0) - after.at(s, 0) + alone.at(s, t) + joint.at(s, 0) - joint.at(s, t);
        const double spent = added[set[0]] * entered + added[set[1]] * (n - answered) +
                             beyond_first.at(s, 0) + beyond_last.at(0, 0) - beyond_last.at(s, t);
        plane.push_back({spent / n, right / n});
        found.push_back({set[0], set[1], entry.thresholds[s], sure.thresholds[t]});
      }
    }
    std::vector<Stages> kept;
    for (const std::size_t place : thinned(plane)) kept.push_back(found[place]);
    return kept;
  }

  /// Places of the front, some two dozen at most.
  std::vector<std::size_t> thinned(const std::vector<PlanePoint>& plane) const {
    const auto front = pareto_front(plane);
    std::vector<PlanePoint> places;
    for (const std::size_t place : front) places.push_back(plane[place]);
    std::vector<std::size_t> kept;
    for (const std::size_t i : spread(places, points_of_a_pair)) kept.push_back(front[i]);
    return kept;
  }

  static std::vector<double> scores_of(const OutcomeTable& table, std::size_t model) {
    const auto scores = table.fields().scores.span<float>();
    const auto models = static_cast<std::size_t>(table.model_count());
    std::vector<double> result(static_cast<std::size_t>(table.size()));
    for (std::size_t row = 0; row < result.size(); ++row) {
      result[row] = sigmoid(static_cast<double>(scores[row * models + model]));
    }
    return result;
  }

  /// Cost and called shares as the final regressions decide, accuracy as those that did not learn
  /// from the input do (measure_learnt).
  void measure_stages(const OutcomeTable& table, const Stages& stages,
                      OperatingPoint& point) const {
    const auto& first = confidences_->at(model_bit(stages.first));
    const auto& last = confidences_->at(model_bit(stages.last));
    const auto& both = confidences_->at(stages.both());
    const auto scores = scores_of(table, stages.first);
    const auto n = static_cast<double>(scores.size());
    const CallCost cost(table, options().cost_kind);
    double right = 0, calls_first = 0, calls_last = 0, beyond = 0;
    const auto call_last = [&](std::size_t row) {
      calls_last += 1;
      beyond += cost.beyond(row, stages.last);
    };
    for (std::size_t row = 0; row < scores.size(); ++row) {
      if (!(scores[row] >= stages.entry)) {
        right += last.quality()[row];
        call_last(row);
        continue;
      }
      const auto enough = [&](const std::vector<double>& confidences) {
        return stages.single() || confidences[row] >= stages.threshold;
      };
      right += enough(first.cross_fitted()) ? first.quality()[row] : both.quality()[row];
      calls_first += 1;
      beyond += cost.beyond(row, stages.first);
      if (!enough(first.fitted())) call_last(row);
    }
    point.accuracy = right / n;
    point.called_shares.assign(costs().size(), 0.0);
    point.called_shares[stages.last] = calls_last / n;
    point.called_shares[stages.first] += calls_first / n;
    point.cost = costs()[stages.first] * calls_first / n + costs()[stages.last] * calls_last / n +
                 beyond / n + table.multiplexer_cost(options().cost_kind);
  }

  nlohmann::json learnt() const override { return confidences_json(*confidences_); }

  void restore(const nlohmann::json& sets) override {
    confidences_ = read_confidences(sets, *this);
  }

  std::unique_ptr<Rule> make_rule(const PolicyParameters& parameters) const override {
    const Stages stages{model_parameter(parameters, "first"), model_parameter(parameters, "last"),
                        parameter(parameters, "entry", 0, 1),
                        parameter(parameters, "threshold", 0, always_defer)};
    for (const std::uint64_t set :
         {model_bit(stages.first), model_bit(stages.last), stages.both()}) {
      require(confidences_->count(set) > 0, name(), "models that it has learnt",
              text("models ", stages.first, " and ", stages.last));
    }
    return std::make_unique<StagedRule>(stages, confidences_);
  }

  std::shared_ptr<const Confidences> confidences_;
};

}  // namespace

void add_staged_cascade(PolicyRegister& policies) {
  policies.add({"staged_cascade", "staged cascade", make_policy_of<StagedCascadePolicy>});
}

}  // namespace muxnet
