#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "muxnet/core/error.hpp"
#include "muxnet/routing/chain_search.hpp"
#include "muxnet/routing/confidence.hpp"
#include "muxnet/routing/policies.hpp"

namespace muxnet {
namespace {

/// By the bits of the models that have been run.
using Confidences = std::map<std::uint64_t, JointConfidence>;

constexpr std::size_t most_models = 8;  // sets of three of them: 56
constexpr std::int64_t longest_set = 3;

class LearnedCascadeRule : public Rule {
 public:
  LearnedCascadeRule(const Chain& chain, std::shared_ptr<const Confidences> confidences)
      : chain_(chain), confidences_(std::move(confidences)) {}

  Step next(const Evidence& evidence) const override {
    const std::size_t stages = chain_.stages_run(evidence.called);
    if (stages == 0) return {model_bit(chain_.models[0]), 0};
    if (stages == chain_.length || sure(evidence, stages)) return {0, evidence.called};
    return {model_bit(chain_.models[stages]), 0};
  }

  Reason explain(const Evidence& evidence) const override {
    const std::size_t stages = chain_.stages_run(evidence.called);
    if (stages == 0 || stages == chain_.length) return {};
    return Reason::at_least("learned confidence",
                            confidences_->at(evidence.called).confidence(evidence),
                            chain_.thresholds[stages - 1]);
  }

  std::int32_t combine(const Evidence& evidence, std::uint64_t answer_from,
                       std::span<float> probabilities) const override {
    return confidences_->at(answer_from).answer(evidence, probabilities);
  }

 private:
  bool sure(const Evidence& evidence, std::size_t stages) const {
    const double threshold = chain_.thresholds[stages - 1];
    if (threshold > 1.0) return false;
    return confidences_->at(evidence.called).confidence(evidence) >= threshold;
  }

  Chain chain_;
  std::shared_ptr<const Confidences> confidences_;
};

/// The models whose sets are worth learning: those that no cheaper one beats, then the most
/// accurate; in the order given.
std::vector<std::size_t> candidates(const std::vector<std::size_t>& by_cost,
                                    const std::vector<double>& accuracies) {
  if (by_cost.size() <= most_models) return by_cost;
  std::vector<std::size_t> ranked, rest;
  double best = -1;
  for (const std::size_t model : by_cost) {
    const bool undominated = accuracies[model] > best;
    best = std::max(best, accuracies[model]);
    (undominated ? ranked : rest).push_back(model);
  }
  const auto better = [&](std::size_t a, std::size_t b) { return accuracies[a] > accuracies[b]; };
  std::stable_sort(ranked.begin(), ranked.end(), better);
  std::stable_sort(rest.begin(), rest.end(), better);
  ranked.insert(ranked.end(), rest.begin(), rest.end());
  ranked.resize(most_models);
  std::vector<std::size_t> kept;
  for (const std::size_t model : by_cost) {
    if (std::find(ranked.begin(), ranked.end(), model) != ranked.end()) kept.push_back(model);
  }
  return kept;
}

class LearnedCascadePolicy : public ChainPolicy {
 public:
  using ChainPolicy::ChainPolicy;
  std::string name() const override { return "learned_cascade"; }

 private:
  std::vector<OperatingPoint> search(const OutcomeTable& held_out) override {
    require(held_out.size() >= 2, name(), "a table of at least 2 inputs", text(held_out.size()));
    const auto models = candidates(by_cost(), held_out.accuracies());
    const std::int64_t longest = std::min(options().max_models, longest_set);
    auto learnt = std::make_shared<Confidences>();
    learn(held_out, models, 0, 0, longest, *learnt);

    std::map<std::uint64_t, std::size_t> places;
    std::vector<ChainState> states;
    for (const auto& [set, joint] : *learnt) {
      places.emplace(set, states.size());
      states.emplace_back(joint.cross_fitted(), joint.correct(),
                          static_cast<std::size_t>(options().bins));
    }
    const auto state_of = [&places](const Chain& chain, std::size_t stages) {
      std::uint64_t set = 0;
      for (std::size_t j = 0; j < stages; ++j) set |= model_bit(chain.models[j]);
      return places.at(set);
    };
    ChainSearch plane(std::move(states), state_of, costs());
    plane.add_all(models, static_cast<std::size_t>(longest));
    confidences_ = std::move(learnt);
    return as_decided(plane.front());
  }

  /// The points with the cost at which the final regressions decide, which learnt from all inputs,
  /// and the accuracy of those that did not learn from the input: the others' own is too good.
  std::vector<OperatingPoint> as_decided(std::vector<OperatingPoint> points) const {
    std::vector<PlanePoint> plane;
    for (auto& point : points) {
      decide_all(chain_of(point.parameters), point);
      plane.push_back({point.cost, point.accuracy});
    }
    std::vector<OperatingPoint> front;
    for (const std::size_t i : pareto_front(plane)) front.push_back(std::move(points[i]));
    return front;
  }

  void decide_all(const Chain& chain, OperatingPoint& point) const {
    std::vector<const JointConfidence*> stages;
    std::vector<double> paid;
    std::uint64_t set = 0;
    for (std::size_t j = 0; j < chain.length; ++j) {
      set |= model_bit(chain.models[j]);
      stages.push_back(&confidences_->at(set));
      paid.push_back(costs()[chain.models[j]] + (j > 0 ? paid.back() : 0.0));
    }
    const std::size_t rows = stages.front()->correct().size();
    /// The stage that answers a row, by one of the kinds of confidence.
    const auto stage_of = [&](std::size_t row, const auto& confidences) {
      std::size_t j = 0;
      while (j + 1 < chain.length && !(confidences(*stages[j])[row] >= chain.thresholds[j])) ++j;
      return j;
    };
    const auto own = [](const JointConfidence& joint) -> const auto& { return joint.fitted(); };
    const auto crossed = [](const JointConfidence& joint) -> const auto& {
      return joint.cross_fitted();
    };
    double right = 0, cost = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      right += stages[stage_of(row, crossed)]->correct()[row];
      cost += paid[stage_of(row, own)];
    }
    point.accuracy = right / static_cast<double>(rows);
    point.cost = cost / static_cast<double>(rows);
  }

  /// Adds every set that goes on from `set` by models of `order` from `from` on.
  static void learn(const OutcomeTable& held_out, const std::vector<std::size_t>& order,
                    std::uint64_t set, std::size_t from, std::int64_t more, Confidences& learnt) {
    if (more == 0) return;
    for (std::size_t i = from; i < order.size(); ++i) {
      const std::uint64_t larger = set | model_bit(order[i]);
      std::vector<std::size_t> models;
      for (const std::size_t model : order) {
        if ((larger & model_bit(model)) != 0) models.push_back(model);
      }
      learnt.emplace(larger, JointConfidence(held_out, models));
      learn(held_out, order, larger, i + 1, more - 1, learnt);
    }
  }

  nlohmann::json learnt() const override {
    nlohmann::json sets = nlohmann::json::array();
    for (const auto& [set, joint] : *confidences_) sets.push_back(joint.to_json());
    return sets;
  }

  void restore(const nlohmann::json& sets) override {
    auto confidences = std::make_shared<Confidences>();
    for (const auto& entry : sets) {
      std::uint64_t set = 0;
      for (const auto model : entry.at("models").get<std::vector<std::size_t>>()) {
        require(model < costs().size(), name(), text("models below ", costs().size()), text(model));
        set |= model_bit(model);
      }
      confidences->emplace(set, JointConfidence(entry));
    }
    confidences_ = std::move(confidences);
  }

  std::unique_ptr<Rule> make_rule(const PolicyParameters& parameters) const override {
    const Chain chain = chain_of(parameters);
    std::uint64_t set = 0;
    for (std::size_t j = 0; j < chain.length; ++j) {
      set |= model_bit(chain.models[j]);
      require(confidences_->count(set) > 0, name(), "a chain of models that it has learnt",
              text("model ", chain.models[j], " in place ", j));
    }
    return std::make_unique<LearnedCascadeRule>(chain, confidences_);
  }

  std::shared_ptr<const Confidences> confidences_;
};

}  // namespace

std::unique_ptr<Policy> make_learned_cascade(const PolicyOptions& options) {
  return std::make_unique<LearnedCascadePolicy>(options);
}

}  // namespace muxnet
