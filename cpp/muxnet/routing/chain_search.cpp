#include "muxnet/routing/chain_search.hpp"

#include <algorithm>
#include <numeric>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

/// Running sums along the axis with this stride and extent.
void accumulate(std::vector<std::int32_t>& cells, std::size_t stride, std::size_t extent) {
  for (std::size_t cell = stride; cell < cells.size(); ++cell) {
    if (cell / stride % extent != 0) cells[cell] += cells[cell - stride];
  }
}

}  // namespace

std::size_t Chain::stages_run(std::uint64_t called) const {
  std::size_t stages = 0;
  while (stages < length && (called & model_bit(models[stages])) != 0) ++stages;
  return stages;
}

PolicyParameters Chain::parameters() const {
  PolicyParameters result{{"models", static_cast<double>(length)}};
  for (std::size_t j = 0; j < length; ++j) {
    result[text("model_", j)] = static_cast<double>(models[j]);
    if (j + 1 < length) result[text("threshold_", j)] = thresholds[j];
  }
  return result;
}

Chain ChainPolicy::chain_of(const PolicyParameters& parameters) const {
  Chain chain;
  chain.length = static_cast<std::size_t>(
      parameter(parameters, "models", 1, static_cast<double>(longest_chain)));
  std::uint64_t seen = 0;
  for (std::size_t j = 0; j < chain.length; ++j) {
    chain.models[j] = model_parameter(parameters, text("model_", j));
    require((seen & model_bit(chain.models[j])) == 0, name(), "different models in a chain",
            text("model ", chain.models[j], " twice"));
    seen |= model_bit(chain.models[j]);
    if (j + 1 < chain.length) {
      chain.thresholds[j] = parameter(parameters, text("threshold_", j), 0, always_defer);
    }
  }
  return chain;
}

ChainState::ChainState(std::span<const double> confidences, std::vector<std::uint8_t> right,
                       std::size_t count)
    : thresholds{0.0}, bins(confidences.size()), correct(std::move(right)) {
  std::vector<double> sorted(confidences.begin(), confidences.end());
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 1; i < count; ++i) {
    const double threshold = sorted[i * sorted.size() / count];
    if (threshold > thresholds.back()) thresholds.push_back(threshold);
  }
  thresholds.push_back(always_defer);
  for (std::size_t row = 0; row < bins.size(); ++row) {
    const auto above = std::upper_bound(thresholds.begin(), thresholds.end(), confidences[row]);
    bins[row] = static_cast<std::uint8_t>(above - thresholds.begin() - 1);
  }
  accuracy = std::accumulate(correct.begin(), correct.end(), 0.0) /
             static_cast<double>(std::max<std::size_t>(1, correct.size()));
}

/// For the first `stages` models of a chain and every combination of threshold numbers
/// (s_1 .. s_stages): how many inputs all of them defer, and how many right answers the next
/// stage gains over the last of them on those.
struct ChainSearch::Deferral {
  std::vector<std::int32_t> count;
  std::vector<std::int32_t> gain;
};

ChainSearch::ChainSearch(std::vector<ChainState> states, StateOf state_of,
                         std::vector<double> costs)
    : states_(std::move(states)),
      state_of_(std::move(state_of)),
      costs_(std::move(costs)),
      n_(states_.front().bins.size()) {}

void ChainSearch::add_all(const std::vector<std::size_t>& order, std::size_t longest) {
  extend(Chain{0, {}, {}}, order, 0, longest);
}

void ChainSearch::extend(Chain chain, const std::vector<std::size_t>& order, std::size_t from,
                         std::size_t longest) {
  if (chain.length == longest) return;
  ++chain.length;
  for (std::size_t i = from; i < order.size(); ++i) {
    chain.models[chain.length - 1] = order[i];
    add(chain);
    extend(chain, order, i + 1, longest);
  }
}

const ChainState& ChainSearch::state(const Chain& chain, std::size_t stages) const {
  return states_[state_of_(chain, stages)];
}

std::size_t ChainSearch::extent(const Chain& chain, std::size_t stage) const {
  return state(chain, stage + 1).thresholds.size();
}

/// Adds every combination of thresholds of `chain` to the plane.
void ChainSearch::add(const Chain& chain) {
  std::vector<Deferral> deferrals;
  for (std::size_t stages = 1; stages < chain.length; ++stages) {
    deferrals.push_back(defer(chain, stages));
  }
  // An odometer over threshold numbers; nothing deferred (0) is a shorter chain.
  std::array<std::size_t, longest_chain> at{};
  at.fill(1);
  for (;;) {
    record(chain, deferrals, at);
    std::size_t stage = 0;
    while (stage + 1 < chain.length && ++at[stage] == extent(chain, stage)) at[stage++] = 1;
    if (stage + 1 == chain.length) return;
  }
}

ChainSearch::Deferral ChainSearch::defer(const Chain& chain, std::size_t stages) const {
  std::size_t cells = 1;
  for (std::size_t j = 0; j < stages; ++j) cells *= extent(chain, j);
  Deferral result{std::vector<std::int32_t>(cells), std::vector<std::int32_t>(cells)};
  std::array<const ChainState*, longest_chain> at{};
  for (std::size_t j = 0; j <= stages; ++j) at[j] = &state(chain, j + 1);
  for (std::size_t row = 0; row < n_; ++row) {
    std::size_t cell = 0;
    bool inside = true;
    for (std::size_t j = 0; j < stages; ++j) {
      // Bin b is deferred by threshold numbers above b; the last bin by none but the last.
      const std::size_t first = at[j]->bins[row] + std::size_t{1};
      inside = inside && first < at[j]->thresholds.size();
      cell = cell * at[j]->thresholds.size() + first;
    }
    if (!inside) continue;
    result.count[cell] += 1;
    result.gain[cell] += at[stages]->correct[row] - at[stages - 1]->correct[row];
  }
  std::size_t stride = 1;
  for (std::size_t j = stages; j-- > 0; stride *= extent(chain, j)) {
    accumulate(result.count, stride, extent(chain, j));
    accumulate(result.gain, stride, extent(chain, j));
  }
  return result;
}

void ChainSearch::record(Chain chain, const std::vector<Deferral>& deferrals,
                         const std::array<std::size_t, longest_chain>& at) {
  double gain = 0;
  double cost = costs_[chain.models[0]];
  std::size_t cell = 0;
  for (std::size_t j = 0; j + 1 < chain.length; ++j) {
    cell = cell * extent(chain, j) + at[j];
    chain.thresholds[j] = state(chain, j + 1).thresholds[at[j]];
    gain += deferrals[j].gain[cell];
    cost += deferrals[j].count[cell] * costs_[chain.models[j + 1]] / static_cast<double>(n_);
  }
  plane_.push_back({cost, state(chain, 1).accuracy + gain / static_cast<double>(n_)});
  chains_.push_back(chain);
}

std::vector<OperatingPoint> ChainSearch::front() const {
  std::vector<OperatingPoint> points;
  for (const std::size_t i : pareto_front(plane_)) {
    points.push_back({chains_[i].parameters(), plane_[i].accuracy, plane_[i].cost});
  }
  return points;
}

}  // namespace muxnet
