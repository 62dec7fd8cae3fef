#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "muxnet/evaluation/details.hpp"
#include "muxnet/evaluation/diversity.hpp"

namespace muxnet {

/// One model alone.
struct ModelStudy {
  std::string name;       ///< of the model
  Estimate accuracy;      ///< share of right answers, or mean quality
  double cost = 0;        ///< in the unit of its kind
  double only_right = 0;  ///< only_right() of it
};

/// A policy over budgets, which are shares of the best single model's cost.
struct PolicyStudy {
  std::string name;  ///< in the study
  /// area_above() random mixing up to the best single model's cost; none where that is nothing.
  std::optional<Estimate> area;
  /// Its operating points on the evaluation part, at shares of that cost; where it is nothing, at
  /// costs themselves.
  std::vector<PlanePoint> curve;
  /// By budget, at the point chosen for it on the fitting part; none where all cost more.
  std::map<double, std::optional<double>> accuracy_at;
  Recovery recovered;  ///< how much of the best single model's lead comes back
};

/// An operating point chosen on the fitting part, against the best single model.
struct Choice {
  std::optional<double> cost;  ///< cost_share() of the best single model's
  double accuracy = 0;         ///< share of right answers
  Estimate difference;         ///< of accuracies, paired
  /// The same against the best single model's answers as the policy takes them: where it has learnt
  /// that they are wrong more often than right, another. What is left is owed to other models.
  Estimate multiplexed;
  std::optional<std::size_t> alone;  ///< place of the only model that it calls, where it is one
};

/// Whether a policy is as good as the best single model for less, or better for as much.
enum class Verdict : std::uint8_t { pays, pays_at_full_cost, unclear, does_not_pay };

/// Accuracy that an answer may lie below the best single model's and still be called as good.
inline constexpr double as_good_within = 0.005;

/// Of choices that call more than one model. pays: the interval of a choice's difference lies above
/// -as_good_within at less than 95 % of the cost; pays_at_full_cost: that of what is multiplexed
/// lies above 0; unclear: at less than 95 % of the cost the difference's reaches 0.
Verdict judge(const std::optional<Choice>& saving, const std::optional<Choice>& gain);

/// A policy that the table has nothing for to look at, and what that would be.
struct LeftOut {
  std::string policy, want;  ///< its name; what the table would need
};

/// What is studied, and how finely.
struct StudyOptions {
  std::vector<std::string> policies;  ///< to fit, random_mixing and `policy` among them
  std::string cost_kind;              ///< empty: OutcomeTable::traded_cost()
  std::string policy;                 ///< of which saving, gain and details are
  BootstrapOptions bootstrap{};       ///< its seed is that of policies that draw too
};

/// Does multiplexing pay for these models? Everything is fitted and chosen on one part of the
/// inputs and evaluated on the other.
struct Study {
  std::string cost_kind;                    ///< what costs are of
  std::size_t best_single = 0;              ///< its place among the models
  std::vector<ModelStudy> models;           ///< each alone
  std::vector<PolicyStudy> policies;        ///< each over budgets
  std::vector<LeftOut> left_out;            ///< those that the table has nothing for
  std::optional<Choice> saving;             ///< cheapest with the best single model's accuracy
  std::optional<Choice> gain;               ///< most accurate at the best single model's cost
  Diversity diversity;                      ///< how differently the models err
  Verdict verdict = Verdict::does_not_pay;  ///< by saving and gain
  Details details;                          ///< of the policy at its default point
};

/// Fits every policy of the options that `held_out` suffices for, made by `make`, and evaluates it
/// on `test`. Throws std::invalid_argument for fewer than two models, an unknown kind of cost,
/// tables that do not fit each other or share inputs.
Study study(const PolicyMaker& make, const OutcomeTable& held_out, const OutcomeTable& test,
            const StudyOptions& options = {});

}  // namespace muxnet
