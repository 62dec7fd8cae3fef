#include "muxnet/core/error.hpp"
#include "muxnet/policies/registry.hpp"

namespace muxnet {
namespace {

class SinglePolicy : public Policy {
 public:
  using Policy::Policy;

 protected:
  virtual std::size_t pick(const OutcomeTable& held_out) const = 0;

  std::vector<OperatingPoint> search(const OutcomeTable& held_out) override {
    return {measure(held_out, {{"model", static_cast<double>(pick(held_out))}})};
  }
  std::unique_ptr<Rule> make_rule(const PolicyParameters& parameters) const override {
    return std::make_unique<FixedRule>(model_bit(model_parameter(parameters, "model")));
  }
};

/// `always`: the model `options.model` answers every input.
class AlwaysPolicy : public SinglePolicy {
 public:
  using SinglePolicy::SinglePolicy;
  std::string name() const override { return "always"; }

 private:
  std::size_t pick(const OutcomeTable& held_out) const override {
    require(options().model >= 0 && options().model < held_out.model_count(), "always",
            text("a model in [0, ", held_out.model_count(), ")"), text(options().model));
    return static_cast<std::size_t>(options().model);
  }
};

/// `best_single`: the model most accurate on held-out data answers every input.
class BestSinglePolicy : public SinglePolicy {
 public:
  using SinglePolicy::SinglePolicy;
  std::string name() const override { return "best_single"; }

 private:
  std::size_t pick(const OutcomeTable& held_out) const override {
    return best_single_model(held_out, options().cost_kind);
  }
};

}  // namespace

void add_singles(PolicyRegister& policies) {
  policies.add({"always", "always", make_policy_of<AlwaysPolicy>, false, false});
  policies.add({"best_single", "best single model", make_policy_of<BestSinglePolicy>, true, false});
}

}  // namespace muxnet
