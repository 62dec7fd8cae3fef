#include "muxnet/policies/chain_search.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr std::size_t spare_points = 12;

/// Running sums along the axis with this stride and extent.
void accumulate(std::vector<double>& cells, std::size_t stride, std::size_t extent) {
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
  if (by_gain) result["by_gain"] = 1;
  return result;
}

std::uint64_t Chain::first(std::size_t stages) const {
  return bits_of(std::span(models).first(stages));
}

std::uint64_t bits_of(std::span<const std::size_t> models) {
  std::uint64_t set = 0;
  for (const std::size_t model : models) set |= model_bit(model);
  return set;
}

std::vector<std::vector<std::size_t>> model_sets(const std::vector<std::size_t>& order,
                                                 std::size_t longest) {
  std::vector<std::vector<std::size_t>> sets{{}};
  // Each set found is continued by the models behind its last.
  std::vector<std::size_t> next{0};
  for (std::size_t at = 0; at < sets.size(); ++at) {
    if (sets[at].size() == longest) continue;
    for (std::size_t i = next[at]; i < order.size(); ++i) {
      auto larger = sets[at];
      larger.push_back(order[i]);
      sets.push_back(std::move(larger));
      next.push_back(i + 1);
    }
  }
  sets.erase(sets.begin());
  return sets;
}

std::vector<std::size_t> promising(const std::vector<std::size_t>& by_cost,
                                   const std::vector<double>& accuracies, std::size_t most) {
  if (by_cost.size() <= most) return by_cost;
  std::vector<std::size_t> ranked, rest;
  double best = -1;
  for (const std::size_t model : by_cost) {
    const bool undominated = accuracies[model] > best;
    best = std::max(best, accuracies[model]);
    (undominated ? ranked : rest).push_back(model);
  }
  const auto better = [&](std::size_t a, std::size_t b) { return accuracies[a] > accuracies[b]; };
  std::stable_sort(ranked.begin(), ranked.end(), better);
  std::stable_sort(rest.begin(), rest.end(), better);
  ranked.insert(ranked.end(), rest.begin(), rest.end());
  ranked.resize(most);
  std::vector<std::size_t> kept;
  for (const std::size_t model : by_cost) {
    if (std::find(ranked.begin(), ranked.end(), model) != ranked.end()) kept.push_back(model);
  }
  return kept;
}

Chain ChainPolicy::chain_of(const PolicyParameters& parameters) const {
  Chain chain;
  chain.length = static_cast<std::size_t>(
      parameter(parameters, "models", 1, static_cast<double>(longest_chain)));
  chain.by_gain = parameters.count("by_gain") > 0;
  for (std::size_t j = 0; j < chain.length; ++j) {
    chain.models[j] = model_parameter(parameters, text("model_", j));
    require((chain.first(j) & model_bit(chain.models[j])) == 0, name(),
            "different models in a chain", text("model ", chain.models[j], " twice"));
    if (j + 1 < chain.length) {
      chain.thresholds[j] = parameter(parameters, text("threshold_", j), -1, always_defer);
    }
  }
  return chain;
}

std::vector<double> quality_of(const OutcomeTable& table, std::size_t model) {
  const auto quality = table.quality().span<float>();
  const auto models = static_cast<std::size_t>(table.model_count());
  std::vector<double> result;
  for (std::size_t at = model; at < quality.size(); at += models) {
    result.push_back(static_cast<double>(quality[at]));
  }
  return result;
}

ChainState::ChainState(std::span<const double> confidences, std::vector<double> worth,
                       std::size_t count, double lowest)
    : thresholds{lowest}, bins(confidences.size()), quality(std::move(worth)) {
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
  accuracy = std::accumulate(quality.begin(), quality.end(), 0.0) /
             static_cast<double>(std::max<std::size_t>(1, quality.size()));
}

void measure_learnt(const Chain& chain, const std::vector<LearntStage>& stages,
                    const CallCost& cost, std::size_t models, OperatingPoint& point) {
  const std::size_t rows = stages.front().quality.size();
  /// The stage that answers a row, by one of the kinds of confidence.
  const auto stage_of = [&](std::size_t row, auto confidences) {
    std::size_t j = 0;
    while (j + 1 < chain.length && !((stages[j].*confidences)[row] >= chain.thresholds[j])) ++j;
    return j;
  };
  double left_out = 0, own = 0;
  std::vector<double> called(chain.length, 0.0), beyond(chain.length, 0.0);
  for (std::size_t row = 0; row < rows; ++row) {
    left_out += stages[stage_of(row, &LearntStage::cross_fitted)].quality[row];
    const std::size_t last = stage_of(row, &LearntStage::fitted);
    own += stages[last].quality[row];
    for (std::size_t j = 0; j <= last; ++j) {
      called[j] += 1;
      beyond[j] += cost.beyond(row, chain.models[j]);
    }
  }
  const auto n = static_cast<double>(rows);
  point.accuracy = std::min(left_out, own) / n;
  point.cost = 0;
  point.called_shares.assign(models, 0.0);
  for (std::size_t j = 0; j < chain.length; ++j) {
    point.called_shares[chain.models[j]] = called[j] / n;
    point.cost += cost.expected(chain.models[j]) * called[j] / n + beyond[j] / n;
  }
}

/// For the first `stages` models of a chain and every combination of threshold numbers
/// (s_1 .. s_stages): how many inputs all of them defer, what the next stage costs on those beyond
/// the expected, and what its answers to them are worth more than the last one's.
struct ChainSearch::Deferral {
  std::vector<double> count, beyond, gain;
};

ChainSearch::ChainSearch(std::vector<ChainState> states, StateOf state_of, const CallCost& cost,
                         std::size_t models)
    : states_(std::move(states)),
      state_of_(std::move(state_of)),
      cost_(cost),
      mean_costs_(models, 0.0),
      n_(states_.front().bins.size()) {
  for (std::size_t model = 0; model < models; ++model) {
    for (std::size_t row = 0; row < n_; ++row) mean_costs_[model] += cost_.beyond(row, model);
    mean_costs_[model] = cost_.expected(model) + mean_costs_[model] / static_cast<double>(n_);
  }
}

void ChainSearch::add_all(const std::vector<std::size_t>& order, std::size_t longest,
                          bool by_gain) {
  for (const auto& models : model_sets(order, longest)) {
    if (by_gain && models.size() == 1) continue;  // there is no next one
    Chain chain{models.size(), {}, {}, by_gain};
    std::copy(models.begin(), models.end(), chain.models.begin());
    add(chain);
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
  const std::size_t from = plane_.size();
  for (bool more = true; more;) {
    record(chain, deferrals, at);
    std::size_t stage = 0;
    while (stage + 1 < chain.length && ++at[stage] == extent(chain, stage)) at[stage++] = 1;
    more = stage + 1 < chain.length;
  }
  keep_front(from);
}

/// Of the points from `from` on, which are one chain's, none but the front can matter.
void ChainSearch::keep_front(std::size_t from) {
  const auto front = pareto_front(std::span(plane_).subspan(from));
  std::vector<PlanePoint> plane;
  std::vector<Chain> chains;
  for (const std::size_t i : front) {
    plane.push_back(plane_[from + i]);
    chains.push_back(chains_[from + i]);
  }
  for (const std::size_t i : spread(plane, spare_points)) spare_.push_back(from + i);
  plane_.resize(from);
  chains_.resize(from);
  plane_.insert(plane_.end(), plane.begin(), plane.end());
  chains_.insert(chains_.end(), chains.begin(), chains.end());
}

ChainSearch::Deferral ChainSearch::defer(const Chain& chain, std::size_t stages) const {
  std::size_t cells = 1;
  for (std::size_t j = 0; j < stages; ++j) cells *= extent(chain, j);
  const std::vector<double> none(cells, 0.0);
  Deferral result{none, none, none};
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
    result.beyond[cell] += cost_.beyond(row, chain.models[stages]);
    result.gain[cell] += at[stages]->quality[row] - at[stages - 1]->quality[row];
  }
  std::size_t stride = 1;
  for (std::size_t j = stages; j-- > 0; stride *= extent(chain, j)) {
    for (auto* cells_of : {&result.count, &result.beyond, &result.gain}) {
      accumulate(*cells_of, stride, extent(chain, j));
    }
  }
  return result;
}

void ChainSearch::record(Chain chain, const std::vector<Deferral>& deferrals,
                         const std::array<std::size_t, longest_chain>& at) {
  double gain = 0;
  double cost = mean_costs_[chain.models[0]];
  std::size_t cell = 0;
  for (std::size_t j = 0; j + 1 < chain.length; ++j) {
    cell = cell * extent(chain, j) + at[j];
    chain.thresholds[j] = state(chain, j + 1).thresholds[at[j]];
    gain += deferrals[j].gain[cell];
    const auto n = static_cast<double>(n_);
    cost += deferrals[j].count[cell] * cost_.expected(chain.models[j + 1]) / n +
            deferrals[j].beyond[cell] / n;
  }
  plane_.push_back({cost, state(chain, 1).accuracy + gain / static_cast<double>(n_)});
  chains_.push_back(chain);
}

std::vector<OperatingPoint> ChainSearch::points() const {
  const auto front = pareto_front(plane_);
  std::set<std::size_t> kept(front.begin(), front.end());
  kept.insert(spare_.begin(), spare_.end());
  std::vector<OperatingPoint> points;
  for (const std::size_t i : kept) {
    points.push_back(
        {chains_[i].parameters(), plane_[i].accuracy, plane_[i].cost, called_shares(chains_[i])});
  }
  return points;
}

std::vector<double> ChainSearch::called_shares(const Chain& chain) const {
  std::vector<double> shares(mean_costs_.size(), 0.0);
  shares[chain.models[0]] = 1;
  std::vector<std::uint8_t> open(n_, 1);
  for (std::size_t j = 0; j + 1 < chain.length; ++j) {
    const ChainState& now = state(chain, j + 1);
    const auto first =
        std::lower_bound(now.thresholds.begin(), now.thresholds.end(), chain.thresholds[j]);
    const auto number = static_cast<std::size_t>(first - now.thresholds.begin());
    std::size_t deferred = 0;
    for (std::size_t row = 0; row < n_; ++row) {
      open[row] = open[row] != 0 && now.bins[row] < number ? 1 : 0;
      deferred += open[row];
    }
    shares[chain.models[j + 1]] = static_cast<double>(deferred) / static_cast<double>(n_);
  }
  return shares;
}

}  // namespace muxnet
