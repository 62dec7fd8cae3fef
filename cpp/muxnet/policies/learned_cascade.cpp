#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "muxnet/core/error.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/core/lanes.hpp"
#include "muxnet/core/parallel.hpp"
#include "muxnet/policies/chain_search.hpp"
#include "muxnet/policies/confidence.hpp"
#include "muxnet/policies/registry.hpp"

namespace muxnet {
namespace {

constexpr std::size_t most_models = 8;  // sets of three of them: 56
constexpr std::int64_t longest_set = 3;

class LearnedCascadeRule : public Rule {
 public:
  LearnedCascadeRule(const Chain& chain, std::shared_ptr<const Confidences> confidences)
      : chain_(chain), confidences_(std::move(confidences)) {}

  Step next(const Evidence& evidence) const override {
    const std::size_t stages = chain_.stages_run(evidence.called);
    if (stages == 0) return {model_bit(chain_.models[0]), 0};
    if (stages == chain_.length || enough(evidence, stages)) return {0, evidence.called};
    return {model_bit(chain_.models[stages]), 0};
  }

  std::uint64_t may_call() const override { return chain_.first(chain_.length); }

  Reason explain(const Evidence& evidence) const override {
    const std::size_t stages = chain_.stages_run(evidence.called);
    if (stages == 0 || stages == chain_.length) return {};
    const double threshold = chain_.thresholds[stages - 1];
    if (!chain_.by_gain)
      return Reason::at_least("learned confidence", sure(evidence, stages), threshold);
    return Reason::above("expected gain of the next model", -sure(evidence, stages), -threshold);
  }

  std::int32_t combine(const Evidence& evidence, std::uint64_t answer_from,
                       std::span<float> probabilities) const override {
    return confidences_->at(answer_from).answer(evidence, probabilities);
  }

 private:
  /// How surely the answer is right, or how little the next model is expected to gain.
  double sure(const Evidence& evidence, std::size_t stages) const {
    const auto& joint = confidences_->at(evidence.called);
    return chain_.by_gain ? -joint.gain(evidence, chain_.models[stages])
                          : joint.confidence(evidence);
  }
  bool enough(const Evidence& evidence, std::size_t stages) const {
    const double threshold = chain_.thresholds[stages - 1];
    return threshold <= 1.0 && sure(evidence, stages) >= threshold;
  }

  Chain chain_;
  std::shared_ptr<const Confidences> confidences_;
};

std::vector<double> negated(const std::vector<double>& values) {
  std::vector<double> result(values.size());
  std::transform(values.begin(), values.end(), result.begin(), std::negate<>());
  return result;
}

/// A regression for each set of models, side by side: they know nothing of each other. Then what
/// each is expected to gain by a model behind its last one.
std::shared_ptr<Confidences> learn_sets(const OutcomeTable& held_out,
                                        const std::vector<std::vector<std::size_t>>& sets) {
  std::vector<std::optional<JointConfidence>> found(sets.size());
  std::vector<std::function<void()>> tasks;
  for (std::size_t i = sets.size(); i-- > 0;) {  // the largest first
    tasks.emplace_back([&, i] { found[i].emplace(held_out, sets[i]); });
  }
  Lanes(threads()).run(tasks);
  auto learnt = std::make_shared<Confidences>();
  for (std::size_t i = 0; i < sets.size(); ++i) {
    learnt->emplace(bits_of(sets[i]), std::move(*found[i]));
  }
  std::map<std::uint64_t, std::map<std::size_t, std::span<const double>>> with_next;
  for (const auto& set : sets) {
    const auto shorter = std::span(set).first(set.size() - 1);
    if (shorter.empty()) continue;
    with_next[bits_of(shorter)].emplace(set.back(), learnt->at(bits_of(set)).quality());
  }
  tasks.clear();
  for (const auto& [set, worth] : with_next) {
    tasks.emplace_back(
        [&, set = set, &worth = worth] { learnt->at(set).learn_gains(held_out, worth); });
  }
  Lanes(threads()).run(tasks);
  return learnt;
}

/// The same, each with what it says of a table's answers.
std::shared_ptr<const Confidences> shown(Confidences confidences, const OutcomeTable& table) {
  std::vector<std::function<void()>> tasks;
  for (auto& entry : confidences) {
    tasks.emplace_back([&joint = entry.second, &table] { joint.show(table); });
  }
  Lanes(threads()).run(tasks);
  return std::make_shared<const Confidences>(std::move(confidences));
}

/// `learned_cascade`: as `cascade`, but the answer is the product of experts of all models asked
/// (JointConfidence); it is given where a regression on their answers is sure enough that it is
/// right or, in chains by_gain, where regressions expect the next model to gain no more than
/// -threshold. Chains of up to three models and thresholds are searched on what was cross-fitted.
/// Of more than eight models the eight most promising take part. Parameters as of `cascade`, and
/// by_gain.
class LearnedCascadePolicy : public ChainPolicy {
 public:
  using ChainPolicy::ChainPolicy;
  std::string name() const override { return "learned_cascade"; }
  Needs needs() const override { return {.distributions = true}; }

 private:
  std::vector<OperatingPoint> search(const OutcomeTable& held_out) override {
    require(held_out.size() >= 2, name(), "a table of at least 2 inputs", text(held_out.size()));
    const auto models = promising(by_cost(), held_out.accuracies(), most_models);
    const auto longest = static_cast<std::size_t>(std::min(options().max_models, longest_set));
    auto learnt = learn_sets(held_out, model_sets(models, longest));
    // By set of models and, of those by gain, the next one.
    std::map<std::pair<std::uint64_t, std::size_t>, std::size_t> places;
    std::vector<ChainState> states;
    const std::size_t none = costs().size();
    const auto bins = static_cast<std::size_t>(options().bins);
    for (const auto& [set, joint] : *learnt) {
      places.emplace(std::pair(set, none), states.size());
      states.emplace_back(joint.cross_fitted(), joint.quality(), bins);
      for (const std::size_t next : models) {
        if (!joint.knows_gain(next)) continue;
        places.emplace(std::pair(set, next), states.size());
        states.emplace_back(negated(joint.cross_fitted_gain(next)), joint.quality(), bins, -1.0);
      }
    }
    const auto place = [&places, none](const Chain& chain, std::size_t stages) {
      const bool by_next = chain.by_gain && stages < chain.length;
      return places.at(std::pair(chain.first(stages), by_next ? chain.models[stages] : none));
    };
    const CallCost cost(held_out, options().cost_kind);
    ChainSearch plane(std::move(states), place, cost, costs().size());
    plane.add_all(models, longest);
    plane.add_all(models, longest, true);
    confidences_ = std::move(learnt);
    auto points = plane.points();
    for (auto& point : points) measure(chain_of(point.parameters), cost, point);
    return points;
  }

  void settle(const OutcomeTable& decided, std::vector<OperatingPoint>& points) override {
    confidences_ = shown(*confidences_, decided);
    const CallCost cost(decided, options().cost_kind);
    for (auto& point : points) measure(chain_of(point.parameters), cost, point);
  }

  void measure(const Chain& chain, const CallCost& cost, OperatingPoint& point) const {
    std::vector<LearntStage> stages;
    std::vector<std::vector<double>> gains;  // by the stages
    gains.reserve(2 * chain.length);
    for (std::size_t j = 1; j <= chain.length; ++j) {
      const auto& joint = confidences_->at(chain.first(j));
      LearntStage& stage =
          stages.emplace_back(LearntStage{joint.fitted(), joint.cross_fitted(), joint.quality()});
      if (!chain.by_gain || j == chain.length) continue;
      stage.fitted = gains.emplace_back(negated(joint.fitted_gain(chain.models[j])));
      stage.cross_fitted = gains.emplace_back(negated(joint.cross_fitted_gain(chain.models[j])));
    }
    measure_learnt(chain, stages, cost, costs().size(), point);
  }

  nlohmann::json learnt() const override { return confidences_json(*confidences_); }

  void restore(const nlohmann::json& sets) override {
    confidences_ = read_confidences(sets, *this);
  }

  std::unique_ptr<Rule> make_rule(const PolicyParameters& parameters) const override {
    const Chain chain = chain_of(parameters);
    for (std::size_t j = 0; j < chain.length; ++j) {
      require(confidences_->count(chain.first(j + 1)) > 0, name(),
              "a chain of models that it has learnt",
              text("model ", chain.models[j], " in place ", j));
      require(
          !chain.by_gain || j == 0 || confidences_->at(chain.first(j)).knows_gain(chain.models[j]),
          name(), "models in an order that it has learnt",
          text("model ", chain.models[j], " in place ", j));
    }
    return std::make_unique<LearnedCascadeRule>(chain, confidences_);
  }

  std::shared_ptr<const Confidences> confidences_;
};

}  // namespace

void add_learned_cascade(PolicyRegister& policies) {
  policies.add({"learned_cascade", "learned cascade", make_policy_of<LearnedCascadePolicy>, true});
}

}  // namespace muxnet
