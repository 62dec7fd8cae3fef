#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/core/sigmoid.hpp"
#include "muxnet/policies/net_value.hpp"
#include "muxnet/policies/registry.hpp"

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
  return scale == Scale::logit ? score : sigmoid(score);
}

/// The first `models` values of an input.
void fill_values(const Evidence& evidence, std::size_t models, Scale scale, Values& values) {
  require(!evidence.scores.empty() || !evidence.weights.empty(), "hybrid rule",
          "the multiplexer's weights or scores", "neither");
  for (std::size_t i = 0; i < models; ++i) values[i] = value_of(evidence, i, scale);
}

class ArgmaxRule : public Rule {
 public:
  explicit ArgmaxRule(ValueChoice choice) : choice_(std::move(choice)) {}

  Step next(const Evidence& evidence) const override {
    if (evidence.called != 0) return {0, evidence.called};
    Values values{};
    fill_values(evidence, choice_.size(), Scale::probability, values);
    return {model_bit(choice_(values)), 0};
  }

  Reason explain(const Evidence& evidence) const override {
    if (evidence.called != 0) return {};
    Values values{};
    fill_values(evidence, choice_.size(), Scale::probability, values);
    return choice_.explain(values);
  }

 private:
  ValueChoice choice_;
};

class ThresholdRule : public Rule {
 public:
  ThresholdRule(NetValue net_value, double threshold)
      : net_value_(std::move(net_value)), threshold_(threshold) {}

  Step next(const Evidence& evidence) const override {
    if (evidence.called != 0) return {0, evidence.called};
    Values values{};
    const std::size_t best = weigh(evidence, values);
    std::uint64_t called = 0;
    for (std::size_t i = 0; i < net_value_.size(); ++i) {
      if (values[i] > threshold_) called |= model_bit(i);
    }
    return {called == 0 ? model_bit(best) : called, 0};
  }

  /// Of the least weight that is called for, or of the greatest where none is.
  Reason explain(const Evidence& evidence) const override {
    if (evidence.called != 0) return {};
    Values values{};
    double decisive = values[weigh(evidence, values)];
    const std::vector<double> all(values.begin(), values.begin() + net_value_.size());
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
    fill_values(evidence, net_value_.size(), Scale::logit, values);
    const std::size_t best = net_value_.subtract(values);
    const double top = values[best];
    double sum = 0;
    for (std::size_t i = 0; i < net_value_.size(); ++i) {
      sum += values[i] = std::exp(values[i] - top);
    }
    for (std::size_t i = 0; i < net_value_.size(); ++i) values[i] /= sum;
    return best;
  }

  NetValue net_value_;
  double threshold_;
};

/// (n, N).
std::vector<double> all_values(const OutcomeTable& table, Scale scale) {
  const auto models = static_cast<std::size_t>(table.model_count());
  const OutcomeRows rows(table);
  std::vector<double> result;
  Values values{};
  for (std::size_t row = 0; row < static_cast<std::size_t>(table.size()); ++row) {
    fill_values(rows.at(row), models, scale, values);
    result.insert(result.end(), values.begin(),
                  values.begin() + static_cast<std::ptrdiff_t>(models));
  }
  return result;
}

/// `hybrid_single`: Algorithm 2, hybrid-single, argmax_i (v_i - lambda c_i / max c). v_i is
/// sigmoid(score_i) where the table has scores of correctness, else log w_i, for which lambda = 0
/// is the paper's rule and lambda > 0 raises the cost term of Eq. 5; lambda < 0 leans towards the
/// dearer models. Parameter: lambda.
class HybridSinglePolicy : public ValuePolicy {
 public:
  using ValuePolicy::ValuePolicy;
  std::string name() const override { return "hybrid_single"; }
  Needs needs() const override { return {.scores = true}; }

 private:
  std::vector<OperatingPoint> search(const OutcomeTable& held_out) override {
    return measure_all(held_out, settings(all_values(held_out, Scale::probability)));
  }
  std::unique_ptr<Rule> make_rule(const PolicyParameters& parameters) const override {
    return std::make_unique<ArgmaxRule>(choice(parameters));
  }
};

/// `hybrid_ensemble`: Algorithm 2, hybrid-ensemble: w = softmax_i(s_i - lambda c_i / max c) with
/// s_i the score, or log w_i without scores; S = {i: w_i > T}, the argmax when S is empty; answers
/// the mean of f_i over S. Parameters: lambda, threshold.
class HybridEnsemblePolicy : public Policy {
 public:
  using Policy::Policy;
  std::string name() const override { return "hybrid_ensemble"; }
  Needs needs() const override { return {.scores = true, .distributions = true}; }

 private:
  /// Two knobs share the effort: bins / 10 lambdas by bins / 5 thresholds.
  std::vector<OperatingPoint> search(const OutcomeTable& held_out) override {
    const auto lambda_count =
        static_cast<std::size_t>(std::max<std::int64_t>(2, options().bins / 10));
    const std::size_t threshold_count = 2 * lambda_count;
    const auto values = all_values(held_out, Scale::logit);
    std::vector<PolicyParameters> settings;
    for (const double lambda : even_lambdas(values, relative_costs(), lambda_count)) {
      for (std::size_t i = 0; i < threshold_count; ++i) {
        // From a tenth of the uniform weight to 1, where only the argmax is called.
        const double share = static_cast<double>(i) / static_cast<double>(threshold_count - 1);
        const double lowest = 0.1 / static_cast<double>(costs().size());
        settings.push_back({{"lambda", lambda}, {"threshold", std::pow(lowest, 1.0 - share)}});
      }
    }
    return measure_all(held_out, settings);
  }
  std::unique_ptr<Rule> make_rule(const PolicyParameters& parameters) const override {
    return std::make_unique<ThresholdRule>(
        NetValue(relative_costs(), parameter(parameters, "lambda", -unbounded, unbounded)),
        parameter(parameters, "threshold", 0, 1));
  }
};

}  // namespace

void add_hybrid(PolicyRegister& policies) {
  policies.add({"hybrid_single", "hybrid-single", make_policy_of<HybridSinglePolicy>, true});
  policies.add({"hybrid_ensemble", "hybrid-ensemble", make_policy_of<HybridEnsemblePolicy>, true});
}

}  // namespace muxnet
