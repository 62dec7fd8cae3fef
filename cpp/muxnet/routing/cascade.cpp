#include <algorithm>
#include <cmath>

#include "muxnet/routing/chain_search.hpp"
#include "muxnet/routing/policies.hpp"

namespace muxnet {
namespace {

/// How sure a model is of its answer by what it says itself, in [0, 1].
using Measure = double (*)(const Evidence& evidence, std::size_t model);

std::span<const float> answer_of(const Evidence& evidence, std::size_t model) {
  const std::size_t classes = evidence.probabilities.size() / evidence.predictions.size();
  return evidence.probabilities.subspan(model * classes, classes);
}

double max_softmax(const Evidence& evidence, std::size_t model) {
  return static_cast<double>(evidence.confidences[model]);
}

/// The best class's probability less the second's.
double margin(const Evidence& evidence, std::size_t model) {
  float top = 0, second = 0;
  for (const float p : answer_of(evidence, model)) {
    second = std::max(second, std::min(p, top));
    top = std::max(top, p);
  }
  return static_cast<double>(top) - static_cast<double>(second);
}

/// One less the entropy as a share of the greatest there can be.
double certainty(const Evidence& evidence, std::size_t model) {
  const auto answer = answer_of(evidence, model);
  if (answer.size() < 2) return 1;
  double entropy = 0;
  for (const float value : answer) {
    const auto p = static_cast<double>(value);
    if (p > 0) entropy -= p * std::log(p);
  }
  return std::clamp(1 - entropy / std::log(static_cast<double>(answer.size())), 0.0, 1.0);
}

class CascadeRule : public Rule {
 public:
  CascadeRule(const Chain& chain, Measure measure) : chain_(chain), measure_(measure) {}

  Step next(const Evidence& evidence) const override {
    const std::size_t stages = chain_.stages_run(evidence.called);
    if (stages == 0) return {model_bit(chain_.models[0]), 0};
    const std::size_t model = chain_.models[stages - 1];
    const bool last = stages == chain_.length;
    if (last || measure_(evidence, model) >= chain_.thresholds[stages - 1]) {
      return {0, model_bit(model)};
    }
    return {model_bit(chain_.models[stages]), 0};
  }

  std::uint64_t answer_now(const Evidence& evidence) const override {
    return model_bit(chain_.models[chain_.stages_run(evidence.called) - 1]);
  }

 private:
  Chain chain_;
  Measure measure_;
};

class CascadePolicy : public ChainPolicy {
 public:
  CascadePolicy(const PolicyOptions& options, std::string name, Measure how)
      : ChainPolicy(options), name_(std::move(name)), measure_(how) {}
  std::string name() const override { return name_; }

 private:
  std::vector<OperatingPoint> search(const OutcomeTable& held_out) override {
    const auto correct = held_out.correct().span<std::uint8_t>();
    const auto n = static_cast<std::size_t>(held_out.size());
    const std::size_t models = costs().size();
    const OutcomeRows inputs(held_out);
    std::vector<ChainState> states;
    for (std::size_t model = 0; model < models; ++model) {
      std::vector<double> sure(n);
      std::vector<std::uint8_t> right(n);
      for (std::size_t row = 0; row < n; ++row) {
        sure[row] = measure_(inputs.at(row), model);
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
    return std::make_unique<CascadeRule>(chain_of(parameters), measure_);
  }

  std::string name_;
  Measure measure_;
};

}  // namespace

std::unique_ptr<Policy> make_cascade(const PolicyOptions& options) {
  return std::make_unique<CascadePolicy>(options, "cascade", max_softmax);
}

std::unique_ptr<Policy> make_margin_cascade(const PolicyOptions& options) {
  return std::make_unique<CascadePolicy>(options, "margin_cascade", margin);
}

std::unique_ptr<Policy> make_entropy_cascade(const PolicyOptions& options) {
  return std::make_unique<CascadePolicy>(options, "entropy_cascade", certainty);
}

}  // namespace muxnet
