#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "muxnet/routing/pareto.hpp"
#include "muxnet/routing/policy.hpp"

namespace muxnet {

constexpr std::size_t longest_chain = 4;
/// Above every confidence: such a stage always defers.
constexpr double always_defer = 2.0;

/// Models run one after the other until one stage is sure enough to answer.
struct Chain {
  std::size_t length = 1;
  std::array<std::size_t, longest_chain> models{};
  std::array<double, longest_chain - 1> thresholds{};
  bool by_gain = false;  ///< thresholds are of what the next model is expected to gain

  /// How many of its models, from the first on, have been run.
  std::size_t stages_run(std::uint64_t called) const;
  /// models, model_0, threshold_0, model_1, ..., by_gain where it is.
  PolicyParameters parameters() const;
  /// Bits of its first `stages` models.
  std::uint64_t first(std::size_t stages) const;
};

/// The bits of several models.
std::uint64_t bits_of(std::span<const std::size_t> models);

/// All sets of up to `longest` of the models `order`, each in that order.
std::vector<std::vector<std::size_t>> model_sets(const std::vector<std::size_t>& order,
                                                 std::size_t longest);

/// Of more than `most` models those that no cheaper one beats, then the most accurate; in the order
/// given, which is by rising cost.
std::vector<std::size_t> promising(const std::vector<std::size_t>& by_cost,
                                   const std::vector<double>& accuracies, std::size_t most);

/// A policy whose points are chains.
class ChainPolicy : public Policy {
 public:
  using Policy::Policy;

 protected:
  Chain chain_of(const PolicyParameters& parameters) const;
};

/// (n), what the answers of one model are worth.
std::vector<double> quality_of(const OutcomeTable& table, std::size_t model);

/// A stage that may answer: how sure it is of each input, in quantile bins, and what its answer is
/// worth. bin(row) < s exactly when the confidence lies below thresholds[s], so that counting
/// bins replaces comparing confidences.
struct ChainState {
  /// Confidences of at least `lowest`; `count` bins at most, up to 255.
  ChainState(std::span<const double> confidences, std::vector<double> worth, std::size_t count,
             double lowest = 0);

  std::vector<double> thresholds;  ///< rising; nothing lies below the first
  std::vector<std::uint8_t> bins;
  std::vector<double> quality;
  double accuracy = 0;  ///< its mean
};

/// A stage whose confidence was learnt from the inputs it is measured on: what a regression says of
/// inputs it has learnt from, and what one that has not; what its answer is worth.
struct LearntStage {
  std::span<const double> fitted, cross_fitted, quality;
};

/// Gives a point of `chain` the cost and called shares at which the final regressions decide, which
/// learnt from all inputs, and the accuracy of those that did not learn from the input: the others'
/// own is too good, but where it is less, as these split inputs that the final ones cannot tell
/// from each other.
void measure_learnt(const Chain& chain, const std::vector<LearntStage>& stages,
                    const CallCost& cost, std::size_t models, OperatingPoint& point);

/// Accuracy and cost of every combination of thresholds of chains, without replaying any.
class ChainSearch {
 public:
  /// Which of `states` a chain is in after its first `stages` models.
  using StateOf = std::function<std::size_t(const Chain& chain, std::size_t stages)>;

  ChainSearch(std::vector<ChainState> states, StateOf state_of, const CallCost& cost,
              std::size_t models);

  /// Adds all chains of up to `longest` of the models `order`, in that order.
  void add_all(const std::vector<std::size_t>& order, std::size_t longest, bool by_gain = false);

  /// The Pareto front of what was added and, for other prices and smaller pools, a few points of
  /// each chain's own.
  std::vector<OperatingPoint> points() const;

 private:
  struct Deferral;

  void add(const Chain& chain);
  const ChainState& state(const Chain& chain, std::size_t stages) const;
  std::size_t extent(const Chain& chain, std::size_t stage) const;
  Deferral defer(const Chain& chain, std::size_t stages) const;
  void record(Chain chain, const std::vector<Deferral>& deferrals,
              const std::array<std::size_t, longest_chain>& at);
  void keep_front(std::size_t from);
  std::vector<double> called_shares(const Chain& chain) const;

  std::vector<ChainState> states_;
  StateOf state_of_;
  CallCost cost_;
  std::vector<double> mean_costs_;  ///< (N)
  std::size_t n_;
  std::vector<PlanePoint> plane_;
  std::vector<Chain> chains_;
  std::vector<std::size_t> spare_;  ///< a few of each chain's points
};

}  // namespace muxnet
