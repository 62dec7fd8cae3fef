#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/routing/policies.hpp"

namespace muxnet {
namespace {

constexpr double smallest_weight = 1e-30;  // a weight of 0 has no logarithm
constexpr double unbounded = std::numeric_limits<double>::max();

/// What the rules compare: sigmoid(score) for choosing one model, the score itself for weights.
enum class Scale { probability, logit };

double value_of(const Evidence& evidence, std::size_t model, Scale scale) {
  if (evidence.scores.empty()) {
    return std::log(std::max<double>(evidence.weights[model], smallest_weight));
  }
  const double score = evidence.scores[model];
  return scale == Scale::logit ? score : 1.0 / (1.0 + std::exp(-score));
}

/// value_i - lambda c_i / max c of every model.
class RouterRule : public Rule {
 public:
  RouterRule(std::vector<double> relative_costs, double lambda)
      : penalties_(std::move(relative_costs)) {
    for (double& penalty : penalties_) penalty *= lambda;
  }

 protected:
  using Values = std::array<double, max_pool_models>;

  /// Fills the first N of `values` and returns the place of the largest.
  std::size_t net_values(const Evidence& evidence, Scale scale, Values& values) const {
    require(!evidence.scores.empty() || !evidence.weights.empty(), "hybrid rule",
            "the multiplexer's weights or scores", "neither");
    std::size_t best = 0;
    for (std::size_t i = 0; i < penalties_.size(); ++i) {
      values[i] = value_of(evidence, i, scale) - penalties_[i];
      if (values[i] > values[best]) best = i;
    }
    return best;
  }
  std::size_t model_count() const { return penalties_.size(); }

 private:
  std::vector<double> penalties_;
};

class ArgmaxRule : public RouterRule {
 public:
  using RouterRule::RouterRule;
  Step next(const Evidence& evidence) const override {
    if (evidence.called != 0) return {0, evidence.called};
    Values values{};
    return {model_bit(net_values(evidence, Scale::probability, values)), 0};
  }

  Reason explain(const Evidence& evidence) const override {
    if (evidence.called != 0 || model_count() < 2) return {};
    Values values{};
    const std::size_t best = net_values(evidence, Scale::probability, values);
    const std::vector<double> all(values.begin(), values.begin() + model_count());
    double runner_up = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i != best) runner_up = std::max(runner_up, all[i]);
    }
    Reason reason = Reason::at_least("value less cost", all[best], runner_up);
    reason.against = "next best model";
    reason.values = all;
    return reason;
  }
};

class ThresholdRule : public RouterRule {
 public:
  ThresholdRule(std::vector<double> relative_costs, double lambda, double threshold)
      : RouterRule(std::move(relative_costs), lambda), threshold_(threshold) {}

  Step next(const Evidence& evidence) const override {
    if (evidence.called != 0) return {0, evidence.called};
    Values values{};
    const std::size_t best = weigh(evidence, values);
    std::uint64_t called = 0;
    for (std::size_t i = 0; i < model_count(); ++i) {
      if (values[i] > threshold_) called |= model_bit(i);
    }
    return {called == 0 ? model_bit(best) : called, 0};
  }

  /// Of the least weight that is called for, or of the greatest where none is.
  Reason explain(const Evidence& evidence) const override {
    if (evidence.called != 0) return {};
    Values values{};
    double decisive = values[weigh(evidence, values)];
    const std::vector<double> all(values.begin(), values.begin() + model_count());
    for (const double value : all) {
      if (value > threshold_) decisive = std::min(decisive, value);
    }
    Reason reason = Reason::above("weight", decisive, threshold_);
    reason.values = all;
    return reason;
  }

 private:
  /// Fills the first N of `values` with the weights and returns the place of the largest.
  std::size_t weigh(const Evidence& evidence, Values& values) const {
    const std::size_t best = net_values(evidence, Scale::logit, values);
    const double top = values[best];
    double sum = 0;
    for (std::size_t i = 0; i < model_count(); ++i) sum += values[i] = std::exp(values[i] - top);
    for (std::size_t i = 0; i < model_count(); ++i) values[i] /= sum;
    return best;
  }

  double threshold_;
};

/// A lambda at which an input's argmax moves to a cheaper model, and the cost that saves.
struct Flip {
  double lambda;
  double saved;
};

/// Adds the flips of one input as lambda rises from 0: along the upper envelope of
/// v_i - lambda c_i.
void add_flips(std::span<const double> values, std::span<const double> costs,
               std::vector<Flip>& flips) {
  auto at =
      static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
  for (;;) {
    std::size_t next = at;
    double lowest = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (costs[i] >= costs[at]) continue;
      const double lambda = (values[at] - values[i]) / (costs[at] - costs[i]);
      if (lambda < lowest || (lambda == lowest && costs[i] < costs[next])) {
        lowest = lambda;
        next = i;
      }
    }
    if (next == at) return;
    flips.push_back({lowest, costs[at] - costs[next]});
    at = next;
  }
}

/// 0, then `count` lambdas between which the argmax's mean cost falls by equal amounts, the last
/// one beyond every flip.
std::vector<double> even_lambdas(std::vector<Flip> flips, std::size_t count) {
  std::sort(flips.begin(), flips.end(),
            [](const Flip& a, const Flip& b) { return a.lambda < b.lambda; });
  double left = 0;
  for (const Flip& flip : flips) left += flip.saved;
  const double step = left / static_cast<double>(count);
  std::vector<double> lambdas{0.0};
  double saved = 0;
  for (std::size_t i = 0; i + 1 < flips.size(); ++i) {
    saved += flips[i].saved;
    if (saved < step || flips[i].lambda == flips[i + 1].lambda) continue;
    lambdas.push_back(0.5 * (flips[i].lambda + flips[i + 1].lambda));
    saved = 0;
  }
  if (!flips.empty()) lambdas.push_back(flips.back().lambda * 1.001);
  return lambdas;
}

std::vector<Flip> all_flips(const OutcomeTable& table, const std::vector<double>& costs,
                            Scale scale) {
  const auto models = costs.size();
  const auto scores = table.fields().scores.span<float>();
  const auto weights = table.fields().weights.span<float>();
  std::vector<Flip> flips;
  std::vector<double> values(models);
  for (std::size_t row = 0; row < static_cast<std::size_t>(table.size()); ++row) {
    Evidence evidence;
    if (!scores.empty()) evidence.scores = scores.subspan(row * models, models);
    if (!weights.empty()) evidence.weights = weights.subspan(row * models, models);
    for (std::size_t i = 0; i < models; ++i) values[i] = value_of(evidence, i, scale);
    add_flips(values, costs, flips);
  }
  return flips;
}

class HybridPolicy : public Policy {
 public:
  using Policy::Policy;
  bool uses_router() const override { return true; }

 protected:
  std::vector<double> lambdas(const OutcomeTable& held_out, Scale scale, std::size_t count) const {
    require(!held_out.fields().scores.empty() || !held_out.fields().weights.empty(), name(),
            "a table with the multiplexer's weights or scores", "one without");
    return even_lambdas(all_flips(held_out, relative_costs(), scale), count);
  }
};

class ArgmaxPolicy : public HybridPolicy {
 public:
  using HybridPolicy::HybridPolicy;
  std::string name() const override { return "argmax"; }

 private:
  std::vector<OperatingPoint> search(const OutcomeTable& held_out) override {
    std::vector<PolicyParameters> candidates;
    const auto count = static_cast<std::size_t>(options().bins);
    for (const double lambda : lambdas(held_out, Scale::probability, count)) {
      candidates.push_back({{"lambda", lambda}});
    }
    return front_of(held_out, candidates);
  }
  std::unique_ptr<Rule> make_rule(const PolicyParameters& parameters) const override {
    return std::make_unique<ArgmaxRule>(relative_costs(),
                                        parameter(parameters, "lambda", 0, unbounded));
  }
};

class ThresholdEnsemblePolicy : public HybridPolicy {
 public:
  using HybridPolicy::HybridPolicy;
  std::string name() const override { return "threshold_ensemble"; }

 private:
  /// Two knobs share the effort: bins / 10 lambdas by bins / 5 thresholds.
  std::vector<OperatingPoint> search(const OutcomeTable& held_out) override {
    const auto lambda_count =
        static_cast<std::size_t>(std::max<std::int64_t>(2, options().bins / 10));
    const std::size_t threshold_count = 2 * lambda_count;
    std::vector<PolicyParameters> candidates;
    for (const double lambda : lambdas(held_out, Scale::logit, lambda_count)) {
      for (std::size_t i = 0; i < threshold_count; ++i) {
        // From a tenth of the uniform weight to 1, where only the argmax is called.
        const double share = static_cast<double>(i) / static_cast<double>(threshold_count - 1);
        const double lowest = 0.1 / static_cast<double>(costs().size());
        candidates.push_back({{"lambda", lambda}, {"threshold", std::pow(lowest, 1.0 - share)}});
      }
    }
    return front_of(held_out, candidates);
  }
  std::unique_ptr<Rule> make_rule(const PolicyParameters& parameters) const override {
    return std::make_unique<ThresholdRule>(relative_costs(),
                                           parameter(parameters, "lambda", 0, unbounded),
                                           parameter(parameters, "threshold", 0, 1));
  }
};

}  // namespace

std::unique_ptr<Policy> make_argmax(const PolicyOptions& options) {
  return std::make_unique<ArgmaxPolicy>(options);
}
std::unique_ptr<Policy> make_threshold_ensemble(const PolicyOptions& options) {
  return std::make_unique<ThresholdEnsemblePolicy>(options);
}

}  // namespace muxnet
