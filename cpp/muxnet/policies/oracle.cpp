#include <algorithm>

#include "muxnet/core/error.hpp"
#include "muxnet/policies/registry.hpp"

namespace muxnet {
namespace {

class OracleRule : public Rule {
 public:
  explicit OracleRule(std::vector<std::size_t> by_cost) : by_cost_(std::move(by_cost)) {}

  Step next(const Evidence& evidence) const override {
    require(!evidence.quality.empty() || evidence.label >= 0, "oracle",
            "a table with labels or quality", "an input without");
    if (evidence.called != 0) return {0, evidence.called};
    const auto best = std::max_element(
        by_cost_.begin(), by_cost_.end(),
        [&](std::size_t a, std::size_t b) { return worth(evidence, a) < worth(evidence, b); });
    return {model_bit(*best), 0};
  }

 private:
  static float worth(const Evidence& evidence, std::size_t model) {
    if (!evidence.quality.empty()) return evidence.quality[model];
    return evidence.predictions[model] == evidence.label ? 1.0F : 0.0F;
  }

  std::vector<std::size_t> by_cost_;
};

/// `oracle`: reads the truth: the cheapest of the models whose answer is best, so the cheapest that
/// is right, the cheapest of all when none is.
/// The bound for policies that call one model; replay only.
class OraclePolicy : public Policy {
 public:
  using Policy::Policy;
  std::string name() const override { return "oracle"; }
  Needs needs() const override { return {.label = true}; }

 private:
  std::vector<OperatingPoint> search(const OutcomeTable& held_out) override {
    return {measure(held_out, {})};
  }
  std::unique_ptr<Rule> make_rule(const PolicyParameters&) const override {
    return std::make_unique<OracleRule>(by_cost());
  }
};

}  // namespace

void add_oracle(PolicyRegister& policies) {
  policies.add({"oracle", "oracle", make_policy_of<OraclePolicy>, true});
}

}  // namespace muxnet
