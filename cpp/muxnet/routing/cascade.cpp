#include "muxnet/routing/chain_search.hpp"
#include "muxnet/routing/policies.hpp"

namespace muxnet {
namespace {

class CascadeRule : public Rule {
 public:
  explicit CascadeRule(const Chain& chain) : chain_(chain) {}

  Step next(const Evidence& evidence) const override {
    const std::size_t stages = chain_.stages_run(evidence.called);
    if (stages == 0) return {model_bit(chain_.models[0]), 0};
    const std::size_t model = chain_.models[stages - 1];
    if (stages == chain_.length || evidence.confidences[model] >= chain_.thresholds[stages - 1]) {
      return {0, model_bit(model)};
    }
    return {model_bit(chain_.models[stages]), 0};
  }

 private:
  Chain chain_;
};

class CascadePolicy : public ChainPolicy {
 public:
  using ChainPolicy::ChainPolicy;
  std::string name() const override { return "cascade"; }

 private:
  std::vector<OperatingPoint> search(const OutcomeTable& held_out) override {
    const auto confidences = held_out.confidences().span<float>();
    const auto correct = held_out.correct().span<std::uint8_t>();
    const auto n = static_cast<std::size_t>(held_out.size());
    const std::size_t models = costs().size();
    std::vector<ChainState> states;
    for (std::size_t model = 0; model < models; ++model) {
      std::vector<double> sure(n);
      std::vector<std::uint8_t> right(n);
      for (std::size_t row = 0; row < n; ++row) {
        sure[row] = confidences[row * models + model];
        right[row] = correct[row * models + model];
      }
      states.emplace_back(sure, std::move(right), static_cast<std::size_t>(options().bins));
    }
    const auto last = [](const Chain& chain, std::size_t stages) {
      return chain.models[stages - 1];
    };
    ChainSearch plane(std::move(states), last, costs());
    plane.add_all(by_cost(), static_cast<std::size_t>(options().max_models));
    return plane.front();
  }

  std::unique_ptr<Rule> make_rule(const PolicyParameters& parameters) const override {
    return std::make_unique<CascadeRule>(chain_of(parameters));
  }
};

}  // namespace

std::unique_ptr<Policy> make_cascade(const PolicyOptions& options) {
  return std::make_unique<CascadePolicy>(options);
}

}  // namespace muxnet
