#include <algorithm>
#include <map>

#include "muxnet/core/error.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/policies/chain_search.hpp"
#include "muxnet/policies/confidence.hpp"
#include "muxnet/policies/registry.hpp"

namespace muxnet {
namespace {

constexpr std::size_t most_models = 16;  // pairs of them: 120
constexpr std::size_t pair = 2;

/// By the bits of both: probability that the dearer one, seen what the cheaper one says, is of no
/// help.
using Deferrals = std::map<std::uint64_t, JointConfidence>;

class DeferralRule : public Rule {
 public:
  DeferralRule(const Chain& chain, std::shared_ptr<const Deferrals> deferrals)
      : chain_(chain), deferrals_(std::move(deferrals)) {}

  Step next(const Evidence& evidence) const override {
    const std::size_t stages = chain_.stages_run(evidence.called);
    if (stages == 0) return {model_bit(chain_.models[0]), 0};
    if (stages == chain_.length || sure(evidence)) {
      return {0, model_bit(chain_.models[stages - 1])};
    }
    return {model_bit(chain_.models[stages]), 0};
  }
  std::uint64_t may_call() const override { return chain_.first(chain_.length); }

  Reason explain(const Evidence& evidence) const override {
    const std::size_t stages = chain_.stages_run(evidence.called);
    if (stages == 0 || stages == chain_.length) return {};
    return Reason::at_least("confidence that deferring is of no help", confidence(evidence),
                            chain_.thresholds[0]);
  }

 private:
  double confidence(const Evidence& evidence) const {
    return deferrals_->at(chain_.first(pair)).confidence(evidence);
  }
  bool sure(const Evidence& evidence) const {
    return chain_.thresholds[0] <= 1.0 && confidence(evidence) >= chain_.thresholds[0];
  }

  Chain chain_;
  std::shared_ptr<const Deferrals> deferrals_;
};

/// `logistic_deferral`: two models, of all pairs; a logistic regression on what the cheaper one
/// says (log-odds and margin of its top class, entropy, class) gives 1 - E[what the dearer one's
/// answer is worth more], of right and wrong 1 - P(it is wrong and the dearer one right), and where
/// that is below a threshold the dearer one is called and answers. As post-hoc deferral in
/// Jitkrittum et al., When Does Confidence-Based Cascade Deferral Suffice?, arXiv 2307.02764. Of
/// more than 16 models the most promising take part. Parameters as of `cascade`.
class DeferralPolicy : public ChainPolicy {
 public:
  using ChainPolicy::ChainPolicy;
  std::string name() const override { return "logistic_deferral"; }
  Needs needs() const override { return {.distributions = true}; }

 private:
  std::vector<OperatingPoint> search(const OutcomeTable& held_out) override {
    require(held_out.size() >= 2, name(), "a table of at least 2 inputs", text(held_out.size()));
    const auto models = promising(by_cost(), held_out.accuracies(), most_models);
    const auto bins = static_cast<std::size_t>(options().bins);
    std::vector<std::vector<double>> quality;
    for (std::size_t model = 0; model < costs().size(); ++model) {
      quality.push_back(quality_of(held_out, model));
    }
    std::vector<ChainState> states;
    for (const auto& alone : quality) {
      states.emplace_back(std::vector<double>(alone.size(), 0.0), alone, bins);
    }
    auto learnt = std::make_shared<Deferrals>();
    std::map<std::uint64_t, std::size_t> places;
    for (const auto& set : model_sets(models, pair)) {
      if (set.size() < pair) continue;
      const auto& joint =
          learnt->emplace(bits_of(set), learn(held_out, quality, set)).first->second;
      places.emplace(bits_of(set), states.size());
      states.emplace_back(joint.cross_fitted(), quality[set[0]], bins);
    }
    const auto place = [&places](const Chain& chain, std::size_t stages) {
      return stages < chain.length ? places.at(chain.first(pair)) : chain.models[stages - 1];
    };
    const CallCost cost(held_out, options().cost_kind);
    ChainSearch plane(std::move(states), place, cost, costs().size());
    plane.add_all(models, pair);
    deferrals_ = std::move(learnt);
    auto points = plane.points();
    for (auto& point : points) measure(quality, cost, point);
    return points;
  }

  static JointConfidence learn(const OutcomeTable& held_out,
                               const std::vector<std::vector<double>>& quality,
                               const std::vector<std::size_t>& set) {
    std::vector<double> no_help(quality[set[0]].size());
    for (std::size_t row = 0; row < no_help.size(); ++row) {
      no_help[row] = 1 - std::max(0.0, quality[set[1]][row] - quality[set[0]][row]);
    }
    return {held_out, {set[0]}, no_help};
  }

  void measure(const std::vector<std::vector<double>>& quality, const CallCost& cost,
               OperatingPoint& point) const {
    const Chain chain = chain_of(point.parameters);
    std::vector<LearntStage> stages;
    if (chain.length == pair) {
      const auto& joint = deferrals_->at(chain.first(pair));
      stages.push_back({joint.fitted(), joint.cross_fitted(), quality[chain.models[0]]});
    }
    stages.push_back({{}, {}, quality[chain.models[chain.length - 1]]});
    measure_learnt(chain, stages, cost, costs().size(), point);
  }

  nlohmann::json learnt() const override {
    nlohmann::json pairs = nlohmann::json::array();
    for (const auto& [set, joint] : *deferrals_) {
      pairs.push_back({{"pair", set}, {"confidence", joint.to_json()}});
    }
    return pairs;
  }

  void restore(const nlohmann::json& pairs) override {
    auto deferrals = std::make_shared<Deferrals>();
    for (const auto& entry : pairs) {
      const JointConfidence joint(entry.at("confidence"));
      check_joint(joint, *this);
      deferrals->emplace(entry.at("pair").get<std::uint64_t>(), joint);
    }
    deferrals_ = std::move(deferrals);
  }

  std::unique_ptr<Rule> make_rule(const PolicyParameters& parameters) const override {
    const Chain chain = chain_of(parameters);
    require(chain.length == 1 || (chain.length == pair && deferrals_->count(chain.first(pair)) > 0),
            name(), "one model, or a pair that it has learnt", text(chain.length, " models"));
    return std::make_unique<DeferralRule>(chain, deferrals_);
  }

  std::shared_ptr<const Deferrals> deferrals_;
};

}  // namespace

void add_deferral(PolicyRegister& policies) {
  policies.add({"logistic_deferral", "logistic deferral", make_policy_of<DeferralPolicy>});
}

}  // namespace muxnet
