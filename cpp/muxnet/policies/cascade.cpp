#include <algorithm>
#include <cmath>
#include <map>

#include "muxnet/policies/chain_search.hpp"
#include "muxnet/policies/registry.hpp"

namespace muxnet {
namespace {

/// How sure the models run so far are of the last one's answer, in [0, 1].
struct Measure {
  const char* name;
  double (*of)(const Evidence& evidence, std::span<const std::size_t> run);
};

double max_softmax(const Evidence& evidence, std::span<const std::size_t> run) {
  return static_cast<double>(evidence.confidences[run.back()]);
}

/// The best class's probability less the second's.
double margin(const Evidence& evidence, std::span<const std::size_t> run) {
  const Distribution answer = evidence.distribution(run.back());
  float top = 0, second = 0;
  for (const float p : answer.values) {
    second = std::max(second, std::min(p, top));
    top = std::max(top, p);
  }
  second = std::max(second, answer.other());
  return static_cast<double>(top) - static_cast<double>(second);
}

/// One less the entropy as a share of the greatest there can be.
double certainty(const Evidence& evidence, std::span<const std::size_t> run) {
  const Distribution answer = evidence.distribution(run.back());
  if (answer.count < 2) return 1;
  double entropy = 0;
  const auto add = [&entropy](double p, double times) {
    if (p > 0) entropy -= times * p * std::log(p);
  };
  for (const float p : answer.values) add(static_cast<double>(p), 1);
  add(static_cast<double>(answer.other()), static_cast<double>(answer.others()));
  return std::clamp(1 - entropy / std::log(static_cast<double>(answer.count)), 0.0, 1.0);
}

/// Above a half where all agree on the class, below where one does not; within each half by the
/// mean probability of that class.
double agreement(const Evidence& evidence, std::span<const std::size_t> run) {
  const std::int32_t answer = evidence.predictions[run.back()];
  bool agree = true;
  double sum = 0;
  for (const std::size_t model : run) {
    agree = agree && evidence.predictions[model] == answer;
    sum += static_cast<double>(evidence.distribution(model).at(answer));
  }
  return 0.5 * (sum / static_cast<double>(run.size())) + (agree ? 0.5 : 0.0);
}

class CascadeRule : public Rule {
 public:
  CascadeRule(const Chain& chain, Measure measure) : chain_(chain), measure_(measure) {}

  Step next(const Evidence& evidence) const override {
    const std::size_t stages = chain_.stages_run(evidence.called);
    if (stages == 0) return {model_bit(chain_.models[0]), 0};
    const std::size_t model = chain_.models[stages - 1];
    const bool last = stages == chain_.length;
    const std::span run(chain_.models.data(), stages);
    if (last || measure_.of(evidence, run) >= chain_.thresholds[stages - 1]) {
      return {0, model_bit(model)};
    }
    return {model_bit(chain_.models[stages]), 0};
  }
  std::uint64_t may_call() const override { return chain_.first(chain_.length); }

  Reason explain(const Evidence& evidence) const override {
    const std::size_t stages = chain_.stages_run(evidence.called);
    if (stages == 0 || stages == chain_.length) return {};
    const std::span run(chain_.models.data(), stages);
    return Reason::at_least(measure_.name, measure_.of(evidence, run),
                            chain_.thresholds[stages - 1]);
  }

  std::uint64_t answer_now(const Evidence& evidence) const override {
    return model_bit(chain_.models[chain_.stages_run(evidence.called) - 1]);
  }

 private:
  Chain chain_;
  Measure measure_;
};

/// `cascade`: models in order of rising cost; each answers when its max-softmax reaches its
/// threshold, else the next is called; the last model run answers. Chains (all subsets of up
/// to `options.max_models`) and thresholds (quantiles, `options.bins` per stage) are searched
/// exhaustively on held-out accuracy against cost. Parameters: models, model_0, threshold_0, ...
///
/// `margin_cascade`: as `cascade`, but sure by the margin, the best class's probability less the
/// second's.
///
/// `entropy_cascade`: as `cascade`, but sure by 1 - entropy / log K.
///
/// `agreement_cascade`: as `cascade`, but sure where all models run so far agree on the class:
/// 1/2 + s/2 where they do, s/2 where one does not, with s their mean probability of the last one's
/// class. A threshold of 1/2 asks for agreement alone. After Kolawole et al., Agreement-Based
/// Cascading for Efficient Inference, arXiv 2407.02348, with one model a tier.
class CascadePolicy : public ChainPolicy {
 public:
  /// `all_run`: the measure looks at all models run, not at the last alone.
  CascadePolicy(const PolicyOptions& options, std::string name, Measure how, bool all_run = false)
      : ChainPolicy(options), name_(std::move(name)), measure_(how), all_run_(all_run) {}
  std::string name() const override { return name_; }
  Needs needs() const override { return {.distributions = true}; }

 private:
  std::vector<OperatingPoint> search(const OutcomeTable& held_out) override {
    const auto order = by_cost();
    const auto longest = static_cast<std::size_t>(options().max_models);
    std::map<std::uint64_t, std::size_t> places;
    std::vector<ChainState> states;
    for (const auto& run : model_sets(order, all_run_ ? longest : 1)) {
      places.emplace(bits_of(run), states.size());
      states.push_back(state(held_out, run));
    }
    const auto place = [&](const Chain& chain, std::size_t stages) {
      return places.at(all_run_ ? chain.first(stages) : model_bit(chain.models[stages - 1]));
    };
    ChainSearch plane(std::move(states), place, CallCost(held_out, options().cost_kind),
                      costs().size());
    plane.add_all(order, longest);
    return plane.points();
  }

  ChainState state(const OutcomeTable& held_out, std::span<const std::size_t> run) const {
    const auto n = static_cast<std::size_t>(held_out.size());
    const OutcomeRows inputs(held_out);
    std::vector<double> sure(n);
    for (std::size_t row = 0; row < n; ++row) sure[row] = measure_.of(inputs.at(row), run);
    return {sure, quality_of(held_out, run.back()), static_cast<std::size_t>(options().bins)};
  }

  std::unique_ptr<Rule> make_rule(const PolicyParameters& parameters) const override {
    return std::make_unique<CascadeRule>(chain_of(parameters), measure_);
  }

  std::string name_;
  Measure measure_;
  bool all_run_;
};

}  // namespace

void add_cascade(PolicyRegister& policies) {
  const auto add = [&policies](std::string name, std::string title, bool reported, Measure measure,
                               bool all_run = false) {
    policies.add({name, std::move(title),
                  [=](const PolicyOptions& options) {
                    return std::make_unique<CascadePolicy>(options, name, measure, all_run);
                  },
                  reported});
  };
  add("cascade", "max-softmax cascade", true, {"max_softmax", max_softmax});
  add("margin_cascade", "margin cascade", false, {"margin", margin});
  add("entropy_cascade", "entropy cascade", false, {"1 - entropy / log K", certainty});
  add("agreement_cascade", "agreement cascade", false, {"agreement", agreement}, true);
}

}  // namespace muxnet
