#include <algorithm>

#include "muxnet/core/random.hpp"
#include "muxnet/policies/registry.hpp"
#include "muxnet/routing/pareto.hpp"

namespace muxnet {
namespace {

class MixingRule : public Rule {
 public:
  MixingRule(std::size_t first, std::size_t second, double share, std::uint64_t seed)
      : first_(model_bit(first)), second_(model_bit(second)), share_(share), seed_(seed) {}

  std::uint64_t may_call() const override { return first_ | second_; }

  Step next(const Evidence& evidence) const override {
    if (evidence.called != 0) return {0, evidence.called};
    return {draw(evidence) < share_ ? second_ : first_, 0};
  }

  Reason explain(const Evidence& evidence) const override {
    if (evidence.called != 0) return {};
    Reason reason = Reason::at_least("random draw", draw(evidence), share_);
    reason.against = "share of the dearer model";
    reason.propensity = reason.relation == "<" ? share_ : 1 - share_;
    return reason;
  }

 private:
  double draw(const Evidence& evidence) const {
    return Random(seed_, static_cast<std::uint64_t>(evidence.input)).uniform();
  }

  std::uint64_t first_, second_;
  double share_;
  std::uint64_t seed_;
};

/// `random_mixing`: a seeded draw, blind to the input, between two neighbours on the upper concave
/// hull of the single models. Points are the hull's vertices; a budget between two mixes them. What
/// any router must beat. Parameters: first, second, share (of second).
class RandomMixingPolicy : public Policy {
 public:
  using Policy::Policy;
  std::string name() const override { return "random_mixing"; }

 private:
  std::vector<OperatingPoint> search(const OutcomeTable& held_out) override {
    std::vector<PolicyParameters> settings;
    for (std::size_t i = 0; i < costs().size(); ++i) {
      const auto model = static_cast<double>(i);
      settings.push_back({{"first", model}, {"second", model}, {"share", 0.0}});
    }
    return measure_all(held_out, settings);
  }

  std::vector<std::size_t> front(std::span<const PlanePoint> points) const override {
    return upper_hull(points);
  }

  std::unique_ptr<Rule> make_rule(const PolicyParameters& parameters) const override {
    return std::make_unique<MixingRule>(model_parameter(parameters, "first"),
                                        model_parameter(parameters, "second"),
                                        parameter(parameters, "share", 0, 1), options().seed);
  }

  OperatingPoint point_within(double cost) const override {
    const OperatingPoint lower = Policy::point_within(cost);
    for (const auto& upper : operating_points()) {
      if (upper.cost <= cost) continue;
      const double share = (cost - lower.cost) / (upper.cost - lower.cost);
      OperatingPoint mixed{{{"first", lower.parameters.at("first")},
                            {"second", upper.parameters.at("first")},
                            {"share", share}},
                           lower.accuracy + share * (upper.accuracy - lower.accuracy),
                           cost,
                           lower.called_shares};
      for (double& called : mixed.called_shares) called *= 1 - share;
      mixed.called_shares.at(model_parameter(upper.parameters, "first")) += share;
      return mixed;
    }
    return lower;
  }
};

}  // namespace

void add_mixing(PolicyRegister& policies) {
  policies.add({"random_mixing", "random mixing", make_policy_of<RandomMixingPolicy>, true});
}

}  // namespace muxnet
