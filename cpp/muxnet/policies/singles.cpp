#include "muxnet/core/error.hpp"
#include "muxnet/policies/policies.hpp"

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

class BestSinglePolicy : public SinglePolicy {
 public:
  using SinglePolicy::SinglePolicy;
  std::string name() const override { return "best_single"; }

 private:
  std::size_t pick(const OutcomeTable& held_out) const override {
    return best_single_model(held_out, options().cost_kind);
  }
};

class AverageEnsemblePolicy : public Policy {
 public:
  using Policy::Policy;
  std::string name() const override { return "average_ensemble"; }

 private:
  std::vector<OperatingPoint> search(const OutcomeTable& held_out) override {
    return {measure(held_out, {})};
  }
  std::unique_ptr<Rule> make_rule(const PolicyParameters&) const override {
    return std::make_unique<FixedRule>(all_models(models().size()));
  }
};

}  // namespace

std::unique_ptr<Policy> make_always(const PolicyOptions& options) {
  return std::make_unique<AlwaysPolicy>(options);
}
std::unique_ptr<Policy> make_best_single(const PolicyOptions& options) {
  return std::make_unique<BestSinglePolicy>(options);
}
std::unique_ptr<Policy> make_average_ensemble(const PolicyOptions& options) {
  return std::make_unique<AverageEnsemblePolicy>(options);
}

}  // namespace muxnet
