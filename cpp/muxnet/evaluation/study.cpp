#include "muxnet/evaluation/study.hpp"

#include <algorithm>
#include <memory>

#include "muxnet/core/error.hpp"
#include "muxnet/evaluation/guarantee.hpp"

namespace muxnet {
namespace {

constexpr const char* baseline_name = "random_mixing";
constexpr double budgets[] = {0.05, 0.10, 0.20, 0.35, 0.50, 1.00};
constexpr double for_less = 0.95;  // of the cost: a saving

struct Entry {
  std::string name;  // in the study
  std::string policy;
  std::int64_t max_models = 0;  // 0: as PolicyOptions has it
};

/// With the cascade of two models beside the one of as many as there may be.
std::vector<Entry> entries_of(const std::vector<std::string>& policies) {
  std::vector<Entry> entries;
  for (const auto& name : policies) {
    if (name == "cascade") entries.push_back({name + "_2", name, 2});
    entries.push_back({name, name});
  }
  return entries;
}

/// What the table lacks that the policy looks at; empty: nothing.
std::string missing(const Policy& policy, const OutcomeTable& table) {
  const auto& fields = table.fields();
  const Needs needs = policy.needs();
  if (needs.features && fields.features.empty()) return "features of the inputs";
  const bool scored = !fields.scores.empty() || !fields.weights.empty();
  return needs.scores && !scored ? "a multiplexer's scores" : "";
}

/// The model that alone is called.
std::optional<std::size_t> only_called(const std::vector<double>& shares) {
  std::optional<std::size_t> only;
  for (std::size_t model = 0; model < shares.size(); ++model) {
    if (shares[model] <= 0) continue;
    if (only) return {};
    only = model;
  }
  return only;
}

/// Accuracy against cost on the evaluation part, costs as shares of the best single model's.
struct Plane {
  const OutcomeTable& table;
  const std::string& kind;
  std::size_t best;
  BootstrapOptions bootstrap;

  /// What the best single model costs.
  double whole() const { return table.costs(kind)[best]; }

  PolicyStudy study(const std::string& name, const Policy& policy, const Policy& baseline) const {
    PolicyStudy result{name, {}, {}, {}, {}};
    CurveOptions options;
    options.bootstrap = bootstrap;
    options.up_to = whole();
    if (whole() > 0) result.area = area_above(policy, baseline, table, options);
    const auto points = accuracy_cost_curve(policy, table).points;
    for (const auto& point : points) {
      result.curve.push_back({point.cost / (whole() > 0 ? whole() : 1), point.accuracy});
    }
    for (const double share : budgets) {
      const auto point = policy.within(share * whole());
      auto& accuracy = result.accuracy_at[share];
      if (point) accuracy = policy.measure(table, point->parameters).accuracy;
    }
    result.recovered = recovery(points, table, kind, best);
    return result;
  }

  Choice choice(const Policy& policy, const OperatingPoint& point) const {
    const auto found = evaluate(policy, point, table, {bootstrap});
    const auto* calibration = policy.calibration().get();
    const InputGroups groups(table);
    const auto against = [&](const OutcomeTable& answers) {
      return bootstrap_mean(beyond(found.quality, answers, best), groups, bootstrap);
    };
    const Estimate difference = against(table);
    return {cost_share(found.costs.at(kind).mean.value, whole()), found.accuracy.value, difference,
            calibration == nullptr ? difference : against(calibration->applied(table)),
            only_called(found.called_shares)};
  }
};

using Fitted = std::vector<std::pair<std::string, std::unique_ptr<Policy>>>;

Fitted fit_all(const PolicyMaker& make, const OutcomeTable& held_out, const std::string& kind,
               const StudyOptions& options, std::vector<LeftOut>& left_out) {
  Fitted fitted;
  for (const Entry& entry : entries_of(options.policies)) {
    PolicyOptions settings;
    settings.cost_kind = kind;
    settings.seed = options.bootstrap.seed;
    if (entry.max_models > 0) settings.max_models = entry.max_models;
    auto policy = make(entry.policy, settings);
    if (auto want = missing(*policy, held_out); !want.empty()) {
      left_out.push_back({entry.name, std::move(want)});
      continue;
    }
    policy->fit(held_out);
    fitted.emplace_back(entry.name, std::move(policy));
  }
  return fitted;
}

const Policy& named(const Fitted& fitted, const std::string& name) {
  const auto found = std::find_if(fitted.begin(), fitted.end(),
                                  [&](const auto& entry) { return entry.first == name; });
  require(found != fitted.end(), "study", "a policy that the study fits", name);
  return *found->second;
}

std::vector<ModelStudy> studies_of_models(const OutcomeTable& table, const std::string& kind,
                                          const BootstrapOptions& bootstrap) {
  const auto accuracies = evaluate_models(table, bootstrap);
  const auto alone = only_right(table);
  std::vector<ModelStudy> models;
  for (std::size_t i = 0; i < accuracies.size(); ++i) {
    models.push_back({table.models()[i], accuracies[i], table.costs(kind)[i], alone[i]});
  }
  return models;
}

}  // namespace

Verdict judge(const std::optional<Choice>& saving, const std::optional<Choice>& gain) {
  Verdict verdict = Verdict::does_not_pay;
  for (const auto& choice : {saving, gain}) {
    if (!choice || choice->alone) continue;
    const Interval& interval = choice->difference.interval;
    const bool saves = choice->cost && *choice->cost < for_less;
    if (saves && interval.low > -as_good_within) return Verdict::pays;
    if (std::min(interval.low, choice->multiplexed.interval.low) > 0) {
      verdict = Verdict::pays_at_full_cost;
    } else if (saves && interval.high >= 0 && verdict == Verdict::does_not_pay) {
      verdict = Verdict::unclear;
    }
  }
  return verdict;
}

Study study(const PolicyMaker& make, const OutcomeTable& recorded, const OutcomeTable& evaluated,
            const StudyOptions& options) {
  const OutcomeTable held_out = recorded.complete(), test = evaluated.complete();
  Study found;
  found.cost_kind = held_out.traded_cost(options.cost_kind);
  require(held_out.model_count() > 1, "study", "two or more models", text(held_out.model_count()));
  found.best_single = best_single_model(held_out, found.cost_kind);
  const Plane plane{test, found.cost_kind, found.best_single, options.bootstrap};
  const auto fitted = fit_all(make, held_out, found.cost_kind, options, found.left_out);
  for (const auto& [name, policy] : fitted) {
    found.policies.push_back(plane.study(name, *policy, named(fitted, baseline_name)));
  }
  const Policy& policy = named(fitted, options.policy);
  const auto as_good = policy.cheapest_as_good(held_out.accuracies()[found.best_single]);
  if (as_good) found.saving = plane.choice(policy, policy.operating_points()[*as_good]);
  const auto affordable = policy.within(policy.prices()[found.best_single]);
  if (affordable) found.gain = plane.choice(policy, *affordable);
  found.models = studies_of_models(test, found.cost_kind, options.bootstrap);
  found.diversity = diversity(test, found.best_single);
  found.verdict = judge(found.saving, found.gain);
  found.details = look_closely(policy, test, evaluate(policy, test, {options.bootstrap}));
  if (policy.calibration() == nullptr) {  // of distributions none is needed, but shown
    found.details.reliability = model_reliability(held_out, test);
  }
  return found;
}

}  // namespace muxnet
