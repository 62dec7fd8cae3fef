#pragma once

#include <map>
#include <optional>
#include <vector>

#include "muxnet/evaluation/curve.hpp"
#include "muxnet/evaluation/failure.hpp"
#include "muxnet/evaluation/hardness.hpp"
#include "muxnet/evaluation/reliability.hpp"

namespace muxnet {

/// By share of the gap in accuracy from the cheapest to the best single model, the least cost of a
/// curve's point that recovers it, as a share of the best one's cost (cost_share()); none where no
/// point does.
using Recovery = std::map<double, std::optional<double>>;

/// At half, four fifths, 95 % and all of the gap. `best`: the best single model's place.
Recovery recovery(const std::vector<CurvePoint>& points, const OutcomeTable& table,
                  const std::string& cost_kind, std::size_t best);

/// What lies behind an evaluation.
struct Details {
  Estimate
      regret;  ///< accuracy of the oracle, which calls a model that is right, less the policy's
  Recovery recovered;
  std::vector<FailurePrediction> auroc;       ///< (N)
  std::vector<ModelReliability> reliability;  ///< (N), calibrated where the policy learnt to
  std::vector<HardnessLevel> hardness;        ///< (N + 1)
  std::vector<ClassStatistics> classes;       ///< (K)
};

/// An evaluation of a policy on a table, looked at closely. Throws std::invalid_argument for a
/// table that shares inputs with the one it was fitted on.
Details look_closely(const Policy& policy, const OutcomeTable& table, const Evaluation& evaluation);

}  // namespace muxnet
