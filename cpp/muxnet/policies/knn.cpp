#include <algorithm>

#include "muxnet/core/error.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/policies/neighbours.hpp"
#include "muxnet/policies/registry.hpp"

namespace muxnet {
namespace {

class KnnRule : public Rule {
 public:
  KnnRule(ValueChoice choice, std::shared_ptr<const Neighbours> neighbours)
      : choice_(std::move(choice)), neighbours_(std::move(neighbours)) {}

  Step next(const Evidence& evidence) const override {
    if (evidence.called != 0) return {0, evidence.called};
    Values values{};
    neighbours_->estimate(evidence.features, values);
    return {model_bit(choice_(values)), 0};
  }
  double macs() const override { return neighbours_->macs(); }

  Reason explain(const Evidence& evidence) const override {
    if (evidence.called != 0) return {};
    Values values{};
    neighbours_->estimate(evidence.features, values);
    return choice_.explain(values);
  }

  /// As next() decides, but that the points of a policy search a table once.
  Decisions replay(const OutcomeTable& table) const override {
    return decide(table, *neighbours_->estimates(table));
  }

  /// `estimates`: (n, N).
  Decisions decide(const OutcomeTable& table, std::span<const double> estimates) const {
    const auto n = static_cast<std::size_t>(table.size());
    const auto predictions = table.predictions().span<std::int32_t>();
    Decisions decisions;
    for (std::size_t row = 0; row < n; ++row) {
      Values values{};
      const auto own = estimates.subspan(row * choice_.size(), choice_.size());
      std::copy(own.begin(), own.end(), values.begin());
      const std::size_t model = choice_(values);
      decisions.called.push_back(model_bit(model));
      decisions.answers.push_back(predictions[row * choice_.size() + model]);
      decisions.answered_from.push_back(model_bit(model));
    }
    return decisions;
  }

 private:
  ValueChoice choice_;
  std::shared_ptr<const Neighbours> neighbours_;
};

/// `knn`: argmax_i (p_i - lambda c_i / max c) with p_i from the held-out inputs whose features are
/// nearest (Neighbours); held-out values leave each input out of its own neighbours. Pays for the
/// multiplexer's look, where the table says what its features cost, and for the n F MACs of the
/// search. As in Woods et al., Combination of Multiple Classifiers Using Local Accuracy Estimates,
/// TPAMI 1997, and in RouterBench, arXiv 2403.12031. Parameter: lambda.
class KnnPolicy : public ValuePolicy {
 public:
  using ValuePolicy::ValuePolicy;
  std::string name() const override { return "knn"; }
  Needs needs() const override { return {.features = true}; }

 private:
  std::vector<OperatingPoint> search(const OutcomeTable& held_out) override {
    neighbours_ = std::make_shared<Neighbours>(held_out);
    std::vector<OperatingPoint> points;
    for (const auto& parameters : settings(neighbours_->left_out())) {
      const KnnRule rule(choice(parameters), neighbours_);
      Decisions decisions = rule.decide(held_out, neighbours_->left_out());
      decisions.uses_multiplexer = uses_multiplexer();
      decisions.rule_macs = rule.macs();
      points.push_back(measured(parameters, decisions, held_out));
    }
    return points;
  }

  std::unique_ptr<Rule> make_rule(const PolicyParameters& parameters) const override {
    return std::make_unique<KnnRule>(choice(parameters), neighbours_);
  }

  nlohmann::json learnt() const override { return neighbours_->to_json(); }

  void restore(const nlohmann::json& content) override {
    neighbours_ = std::make_shared<Neighbours>(content);
    require(neighbours_->model_count() == costs().size(), name(), text(costs().size(), " models"),
            text(neighbours_->model_count()));
  }

  std::shared_ptr<const Neighbours> neighbours_;
};

}  // namespace

void add_knn(PolicyRegister& policies) {
  policies.add({"knn", "kNN on features", make_policy_of<KnnPolicy>});
}

}  // namespace muxnet
