#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "muxnet/evaluation/bootstrap.hpp"
#include "muxnet/routing/policy.hpp"

namespace muxnet {

struct EvaluationOptions {
  BootstrapOptions bootstrap{};
  /// Evaluates on inputs that the policy was fitted on; the evaluation then says `seen`.
  bool allow_seen = false;
};

/// A cost per input: its mean, and its tail, which a chain of models has and a single call not.
struct CostStatistics {
  Estimate mean;     ///< over the inputs
  double p99 = 0;    ///< that 99 of 100 inputs do not exceed
  double worst = 0;  ///< of all inputs
};

/// The tail of costs per input, of which there is at least one: p99, the smallest cost that 99 % of
/// the inputs do not exceed, and the worst.
CostStatistics tail_of(std::vector<double> costs);

/// Accuracy, costs and calls of a policy.
struct Evaluation {
  std::string policy;           ///< name of the policy
  PolicyParameters parameters;  ///< of the chosen point
  std::string split;
  bool seen = false;  ///< the policy was fitted on some of these inputs: no honest figure
  std::int64_t inputs = 0, groups = 0;  ///< that it stands on; each input its own group: alike
  Estimate accuracy;                    ///< share of right answers, or mean quality
  Estimate regret;  ///< accuracy of the oracle, which calls the best model, less the policy's
  std::map<std::string, CostStatistics> costs;  ///< per kind, the router's own cost included
  double models_per_input = 0;                  ///< mean number of models called
  std::vector<double> called_shares;            ///< (N)
  std::vector<double> quality;                  ///< (n), for paired comparisons
  std::string collapse;                         ///< collapse_text(), empty when there is none
};

/// Accuracy, costs and calls of a fitted policy at its chosen point. Throws std::invalid_argument
/// when the table shares inputs with the one it was fitted on, unless allowed.
Evaluation evaluate(const Policy& policy, const OutcomeTable& table,
                    const EvaluationOptions& options = {});

/// The same at another of its operating points.
Evaluation evaluate(const Policy& policy, const OperatingPoint& point, const OutcomeTable& table,
                    const EvaluationOptions& options = {});

/// The same for several policies on the same resamples of the inputs, drawn once for all.
std::vector<Evaluation> evaluate_all(const std::vector<const Policy*>& policies,
                                     const OutcomeTable& table,
                                     const EvaluationOptions& options = {});

/// (N), accuracy of each model alone, with its interval.
std::vector<Estimate> evaluate_models(const OutcomeTable& table,
                                      const BootstrapOptions& options = {});

/// An evaluation on some models of a pool, with called shares of all, 0 for the others.
Evaluation in_pool(Evaluation evaluation, const std::vector<std::string>& models,
                   const std::vector<std::string>& pool);

/// The model that answers (nearly) everything: called alone for more than 99 % of the inputs.
std::optional<std::size_t> collapsed_model(const std::vector<double>& called_shares);

/// Says in words that there is a collapsed_model(). Empty otherwise.
std::string collapse_text(const std::vector<double>& called_shares,
                          const std::vector<std::string>& models);

/// Refuses a table that shares inputs with the policy's held-out table; used by all evaluations.
void require_unseen(const Policy& policy, const OutcomeTable& table);

}  // namespace muxnet
