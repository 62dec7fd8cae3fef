#include "muxnet/policies/registry.hpp"

namespace muxnet {
namespace {

/// All models, the mean of their probabilities.
class AverageEnsemblePolicy : public Policy {
 public:
  using Policy::Policy;
  std::string name() const override { return "average_ensemble"; }
  Needs needs() const override { return {.distributions = true}; }

 private:
  std::vector<OperatingPoint> search(const OutcomeTable& held_out) override {
    return {measure(held_out, {})};
  }
  std::unique_ptr<Rule> make_rule(const PolicyParameters&) const override {
    return std::make_unique<FixedRule>(all_models(models().size()));
  }
};

}  // namespace

void add_average_ensemble(PolicyRegister& policies) {
  policies.add(
      {"average_ensemble", "average ensemble", make_policy_of<AverageEnsemblePolicy>, true});
}

}  // namespace muxnet
