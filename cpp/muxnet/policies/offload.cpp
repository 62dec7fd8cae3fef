#include <algorithm>
#include <cmath>

#include "muxnet/core/error.hpp"
#include "muxnet/policies/registry.hpp"

namespace muxnet {
namespace {

constexpr double paper_threshold = 0.5;
// Above every output, so that nothing is offloaded.
constexpr double never = 2.0;

class OffloadRule : public Rule {
 public:
  OffloadRule(std::size_t device, std::size_t cloud, double threshold)
      : device_(model_bit(device)), cloud_(model_bit(cloud)), threshold_(threshold) {}

  Step next(const Evidence& evidence) const override {
    if (evidence.called != 0) return {0, evidence.called};
    require(!std::isnan(evidence.offload_score), "offload", "the multiplexer's offload score",
            "none");
    return {evidence.offload_score >= threshold_ ? cloud_ : device_, 0};
  }

  Reason explain(const Evidence& evidence) const override {
    if (evidence.called != 0) return {};
    return Reason::at_least("offload score", evidence.offload_score, threshold_);
  }

 private:
  std::uint64_t device_, cloud_;
  double threshold_;
};

/// `offload`: mobile/cloud, two models and one output in [0, 1]: the dearer model where
/// it reaches the threshold. Default 0.5, as in the paper. Parameter: threshold.
class OffloadPolicy : public Policy {
 public:
  using Policy::Policy;
  std::string name() const override { return "offload"; }
  Needs needs() const override { return {.offload_score = true}; }

 private:
  std::vector<OperatingPoint> search(const OutcomeTable& held_out) override {
    require(held_out.model_count() == 2, "offload", "two models, device and cloud",
            text(held_out.model_count()));
    const auto scores = held_out.fields().offload_score.span<float>();
    std::vector<PolicyParameters> settings{
        {{"threshold", paper_threshold}}, {{"threshold", 0.0}}, {{"threshold", never}}};
    std::vector<float> sorted(scores.begin(), scores.end());
    std::sort(sorted.begin(), sorted.end());
    const auto bins = static_cast<std::size_t>(options().bins);
    for (std::size_t bin = 1; bin < bins; ++bin) {
      settings.push_back({{"threshold", sorted[bin * sorted.size() / bins]}});
    }
    return measure_all(held_out, settings);
  }

  OperatingPoint default_point() const override {
    for (const auto& point : candidates()) {
      if (point.parameters.at("threshold") == paper_threshold) return point;
    }
    return Policy::default_point();
  }

  std::unique_ptr<Rule> make_rule(const PolicyParameters& parameters) const override {
    const auto order = by_cost();
    return std::make_unique<OffloadRule>(order.front(), order.back(),
                                         parameter(parameters, "threshold", 0, never));
  }
};

}  // namespace

void add_offload(PolicyRegister& policies) {
  policies.add({"offload", "offload (two models)", make_policy_of<OffloadPolicy>, true, false});
}

}  // namespace muxnet
