#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "muxnet/core/error.hpp"
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
    return Reason::above("expected gain of the next model", gain(evidence, stages),
                         -chain_.thresholds[stages - 1]);
  }

  std::int32_t combine(const Evidence& evidence, std::uint64_t answer_from,
                       std::span<float> probabilities) const override {
    return confidences_->at(answer_from).answer(evidence, probabilities);
  }

 private:
  double gain(const Evidence& evidence, std::size_t stages) const {
    return confidences_->at(evidence.called).gain(evidence, chain_.models[stages]);
  }
  bool enough(const Evidence& evidence, std::size_t stages) const {
    const double threshold = chain_.thresholds[stages - 1];
    return threshold <= 1.0 && -gain(evidence, stages) >= threshold;
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
  std::map<std::uint64_t, std::vector<std::size_t>> next;  // a set learns its own one by one
  for (const auto& set : sets) {
    const auto shorter = std::span(set).first(set.size() - 1);
    if (!shorter.empty()) next[bits_of(shorter)].push_back(set.back());
  }
  tasks.clear();
  for (const auto& [set, models] : next) {
    tasks.emplace_back([&, set = set, &models = models] {
      for (const std::size_t model : models) {
        learnt->at(set).learn_gain(held_out, model, learnt->at(set | model_bit(model)).quality());
      }
    });
  }
  Lanes(threads()).run(tasks);
  return learnt;
}

/// `learned_cascade`: models in order of rising cost; the answer is the product of experts of all
/// that were asked (JointConfidence), and the next one is asked where regressions on their answers
/// expect it to gain more than -threshold. Chains of up to three models and thresholds are searched
/// on cross-fitted gains. Of more than eight models the eight most promising take part. Parameters
/// as of `cascade`.
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
    std::map<std::pair<std::uint64_t, std::size_t>, std::size_t> places;  // by set and next model
    std::vector<ChainState> states;
    const std::size_t last = costs().size();  // no next one
    const auto bins = static_cast<std::size_t>(options().bins);
    for (const auto& [set, joint] : *learnt) {
      places.emplace(std::pair(set, last), states.size());
      states.emplace_back(std::vector<double>(joint.quality().size(), 0.0), joint.quality(), bins);
      for (const std::size_t next : models) {
        if (!joint.knows_gain(next)) continue;
        places.emplace(std::pair(set, next), states.size());
        states.emplace_back(negated(joint.cross_fitted_gain(next)), joint.quality(), bins, -1.0);
      }
    }
    const auto place = [&places, last](const Chain& chain, std::size_t stages) {
      const std::size_t next = stages < chain.length ? chain.models[stages] : last;
      return places.at(std::pair(chain.first(stages), next));
    };
    const CallCost cost(held_out, options().cost_kind);
    ChainSearch plane(std::move(states), place, cost, costs().size());
    plane.add_all(models, longest);
    confidences_ = std::move(learnt);
    auto points = plane.points();
    for (auto& point : points) measure(chain_of(point.parameters), cost, point);
    return points;
  }

  void measure(const Chain& chain, const CallCost& cost, OperatingPoint& point) const {
    std::vector<LearntStage> stages;
    std::vector<std::vector<double>> sure;  // what the stages show
    sure.reserve(2 * chain.length);
    for (std::size_t j = 1; j <= chain.length; ++j) {
      const auto& joint = confidences_->at(chain.first(j));
      stages.push_back({{}, {}, joint.quality()});
      if (j == chain.length) break;
      stages.back().fitted = sure.emplace_back(negated(joint.fitted_gain(chain.models[j])));
      stages.back().cross_fitted =
          sure.emplace_back(negated(joint.cross_fitted_gain(chain.models[j])));
    }
    measure_learnt(chain, stages, cost, costs().size(), point);
  }

  nlohmann::json learnt() const override { return confidences_json(*confidences_); }

  void restore(const nlohmann::json& sets) override {
    confidences_ = read_confidences(sets, costs().size(), name());
  }

  std::unique_ptr<Rule> make_rule(const PolicyParameters& parameters) const override {
    const Chain chain = chain_of(parameters);
    for (std::size_t j = 0; j < chain.length; ++j) {
      require(confidences_->count(chain.first(j + 1)) > 0, name(),
              "a chain of models that it has learnt",
              text("model ", chain.models[j], " in place ", j));
      require(j == 0 || confidences_->at(chain.first(j)).knows_gain(chain.models[j]), name(),
              "models in an order that it has learnt",
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
