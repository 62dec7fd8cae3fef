#include "muxnet/policies/chain_search.hpp"
#include "muxnet/policies/registry.hpp"

namespace muxnet {
namespace {

/// How sure the last model run is of its answer.
double sure(const Evidence& evidence, std::size_t model) {
  return static_cast<double>(evidence.confidences[model]);
}

class CascadeRule : public Rule {
 public:
  explicit CascadeRule(const Chain& chain) : chain_(chain) {}

  Step next(const Evidence& evidence) const override {
    const std::size_t stages = chain_.stages_run(evidence.called);
    if (stages == 0) return {model_bit(chain_.models[0]), 0};
    const std::size_t model = chain_.models[stages - 1];
    const bool last = stages == chain_.length;
    if (last || sure(evidence, model) >= chain_.thresholds[stages - 1]) {
      return {0, model_bit(model)};
    }
    return {model_bit(chain_.models[stages]), 0};
  }
  std::uint64_t may_call() const override { return chain_.first(chain_.length); }

  Reason explain(const Evidence& evidence) const override {
    const std::size_t stages = chain_.stages_run(evidence.called);
    if (stages == 0 || stages == chain_.length) return {};
    return Reason::at_least("max_softmax", sure(evidence, chain_.models[stages - 1]),
                            chain_.thresholds[stages - 1]);
  }

  std::uint64_t answer_now(const Evidence& evidence) const override {
    return model_bit(chain_.models[chain_.stages_run(evidence.called) - 1]);
  }

 private:
  Chain chain_;
};

/// `cascade`: models in order of rising cost; each answers when its max-softmax reaches its
/// threshold, else the next is called; the last model run answers. Chains (all subsets of up
/// to `options.max_models`) and thresholds (quantiles, `options.bins` per stage) are searched
/// exhaustively on held-out accuracy against cost. Parameters: models, model_0, threshold_0, ...
class CascadePolicy : public ChainPolicy {
 public:
  using ChainPolicy::ChainPolicy;
  std::string name() const override { return "cascade"; }
  Needs needs() const override { return {.distributions = true}; }

 private:
  std::vector<OperatingPoint> search(const OutcomeTable& held_out) override {
    std::vector<ChainState> states;
    for (std::size_t model = 0; model < costs().size(); ++model) {
      states.push_back(state(held_out, model));
    }
    const auto place = [](const Chain& chain, std::size_t stages) {
      return chain.models[stages - 1];
    };
    ChainSearch plane(std::move(states), place, CallCost(held_out, options().cost_kind),
                      costs().size());
    plane.add_all(by_cost(), static_cast<std::size_t>(options().max_models));
    return plane.points();
  }

  ChainState state(const OutcomeTable& held_out, std::size_t model) const {
    const auto n = static_cast<std::size_t>(held_out.size());
    const OutcomeRows inputs(held_out);
    std::vector<double> confidences(n);
    for (std::size_t row = 0; row < n; ++row) confidences[row] = sure(inputs.at(row), model);
    return {confidences, quality_of(held_out, model), static_cast<std::size_t>(options().bins)};
  }

  std::unique_ptr<Rule> make_rule(const PolicyParameters& parameters) const override {
    return std::make_unique<CascadeRule>(chain_of(parameters));
  }
};

}  // namespace

void add_cascade(PolicyRegister& policies) {
  policies.add({"cascade", "max-softmax cascade", make_policy_of<CascadePolicy>, true});
}

}  // namespace muxnet
