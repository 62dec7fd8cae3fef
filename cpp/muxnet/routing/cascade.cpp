#include <algorithm>
#include <array>

#include "muxnet/core/error.hpp"
#include "muxnet/routing/pareto.hpp"
#include "muxnet/routing/policies.hpp"

namespace muxnet {
namespace {

constexpr std::size_t longest_chain = 4;
// Above every probability: such a stage always defers.
constexpr double always_defer = 2.0;

struct Chain {
  std::size_t length = 1;
  std::array<std::size_t, longest_chain> models{};
  std::array<double, longest_chain - 1> thresholds{};
};

class CascadeRule : public Rule {
 public:
  explicit CascadeRule(const Chain& chain) : chain_(chain) {}

  Step next(const Evidence& evidence) const override {
    if (evidence.called == 0) return {model_bit(chain_.models[0]), 0};
    std::size_t stage = chain_.length - 1;
    while ((evidence.called & model_bit(chain_.models[stage])) == 0) --stage;
    const std::size_t model = chain_.models[stage];
    const bool last = stage + 1 == chain_.length;
    if (last || evidence.confidences[model] >= chain_.thresholds[stage]) {
      return {0, model_bit(model)};
    }
    return {model_bit(chain_.models[stage + 1]), 0};
  }

 private:
  Chain chain_;
};

/// Confidences of each model in quantile bins: bin(row) < s exactly when the confidence lies
/// below thresholds[s], so that counting bins replaces comparing confidences.
struct BinnedModel {
  std::vector<double> thresholds;  ///< rising, [0] = 0: nothing lies below
  std::vector<std::uint8_t> bins;  ///< (n)
};

BinnedModel bin_model(const OutcomeTable& table, std::size_t model, std::size_t count) {
  const auto confidences = table.confidences().span<float>();
  const auto models = static_cast<std::size_t>(table.model_count());
  const auto n = static_cast<std::size_t>(table.size());
  std::vector<float> sorted(n);
  for (std::size_t row = 0; row < n; ++row) sorted[row] = confidences[row * models + model];
  std::sort(sorted.begin(), sorted.end());
  BinnedModel result{{0.0}, std::vector<std::uint8_t>(n)};
  for (std::size_t i = 1; i < count; ++i) {
    const double threshold = sorted[i * n / count];
    if (threshold > result.thresholds.back()) result.thresholds.push_back(threshold);
  }
  result.thresholds.push_back(always_defer);
  for (std::size_t row = 0; row < n; ++row) {
    const double value = confidences[row * models + model];
    const auto above = std::upper_bound(result.thresholds.begin(), result.thresholds.end(), value);
    result.bins[row] = static_cast<std::uint8_t>(above - result.thresholds.begin() - 1);
  }
  return result;
}

/// For the first `stages` models of a chain and every combination of threshold numbers
/// (s_1 .. s_stages): how many inputs all of them defer, and how many right answers the next
/// model gains over the last of them on those.
struct Deferral {
  std::vector<std::int32_t> count;
  std::vector<std::int32_t> gain;
};

class ChainSearch {
 public:
  ChainSearch(const OutcomeTable& table, const std::vector<double>& costs, std::size_t bins)
      : costs_(costs),
        correct_(table.correct().span<std::uint8_t>()),
        accuracies_(table.accuracies()),
        n_(static_cast<std::size_t>(table.size())) {
    for (std::size_t i = 0; i < costs.size(); ++i) models_.push_back(bin_model(table, i, bins));
  }

  /// Adds every combination of thresholds of `chain` to the plane.
  void add(const Chain& chain) {
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

  std::vector<OperatingPoint> front() const;

 private:
  std::size_t extent(const Chain& chain, std::size_t stage) const {
    return models_[chain.models[stage]].thresholds.size();
  }

  Deferral defer(const Chain& chain, std::size_t stages) const {
    std::size_t cells = 1;
    for (std::size_t j = 0; j < stages; ++j) cells *= extent(chain, j);
    Deferral result{std::vector<std::int32_t>(cells), std::vector<std::int32_t>(cells)};
    const std::size_t last = chain.models[stages - 1], next = chain.models[stages];
    for (std::size_t row = 0; row < n_; ++row) {
      std::size_t cell = 0;
      bool inside = true;
      for (std::size_t j = 0; j < stages; ++j) {
        // Bin b is deferred by threshold numbers above b; the last bin by none but the last.
        const std::size_t first = models_[chain.models[j]].bins[row] + std::size_t{1};
        inside = inside && first < extent(chain, j);
        cell = cell * extent(chain, j) + first;
      }
      if (!inside) continue;
      const std::size_t offset = row * costs_.size();
      result.count[cell] += 1;
      result.gain[cell] += correct_[offset + next] - correct_[offset + last];
    }
    std::size_t stride = 1;
    for (std::size_t j = stages; j-- > 0; stride *= extent(chain, j)) {
      accumulate(result, stride, extent(chain, j));
    }
    return result;
  }

  /// Running sums along the axis with this stride and extent.
  static void accumulate(Deferral& deferral, std::size_t stride, std::size_t extent) {
    for (std::size_t cell = stride; cell < deferral.count.size(); ++cell) {
      if (cell / stride % extent == 0) continue;
      deferral.count[cell] += deferral.count[cell - stride];
      deferral.gain[cell] += deferral.gain[cell - stride];
    }
  }

  void record(Chain chain, const std::vector<Deferral>& deferrals,
              const std::array<std::size_t, longest_chain>& at) {
    double gain = 0;
    double cost = costs_[chain.models[0]];
    std::size_t cell = 0;
    for (std::size_t j = 0; j + 1 < chain.length; ++j) {
      cell = cell * extent(chain, j) + at[j];
      chain.thresholds[j] = models_[chain.models[j]].thresholds[at[j]];
      gain += deferrals[j].gain[cell];
      cost += deferrals[j].count[cell] * costs_[chain.models[j + 1]] / static_cast<double>(n_);
    }
    plane_.push_back({cost, accuracies_[chain.models[0]] + gain / static_cast<double>(n_)});
    chains_.push_back(chain);
  }

  const std::vector<double>& costs_;
  std::span<const std::uint8_t> correct_;
  std::vector<double> accuracies_;
  std::size_t n_;
  std::vector<BinnedModel> models_;
  std::vector<PlanePoint> plane_;
  std::vector<Chain> chains_;
};

std::vector<OperatingPoint> ChainSearch::front() const {
  std::vector<OperatingPoint> points;
  for (const std::size_t i : pareto_front(plane_)) {
    OperatingPoint point{{}, plane_[i].accuracy, plane_[i].cost};
    const Chain& chain = chains_[i];
    point.parameters["models"] = static_cast<double>(chain.length);
    for (std::size_t j = 0; j < chain.length; ++j) {
      point.parameters[text("model_", j)] = static_cast<double>(chain.models[j]);
      if (j + 1 < chain.length) point.parameters[text("threshold_", j)] = chain.thresholds[j];
    }
    points.push_back(std::move(point));
  }
  return points;
}

class CascadePolicy : public Policy {
 public:
  using Policy::Policy;
  std::string name() const override { return "cascade"; }

 private:
  std::vector<OperatingPoint> search(const OutcomeTable& held_out) override {
    ChainSearch plane(held_out, costs(), static_cast<std::size_t>(options().bins));
    extend(Chain{0, {}, {}}, by_cost(), 0, plane);
    return plane.front();
  }

  /// All chains that go on from `chain` with models of `order` from `from` on.
  void extend(Chain chain, const std::vector<std::size_t>& order, std::size_t from,
              ChainSearch& plane) const {
    if (chain.length == static_cast<std::size_t>(options().max_models)) return;
    ++chain.length;
    for (std::size_t i = from; i < order.size(); ++i) {
      chain.models[chain.length - 1] = order[i];
      plane.add(chain);
      extend(chain, order, i + 1, plane);
    }
  }

  std::unique_ptr<Rule> make_rule(const PolicyParameters& parameters) const override {
    Chain chain;
    chain.length = static_cast<std::size_t>(
        parameter(parameters, "models", 1, static_cast<double>(longest_chain)));
    std::uint64_t seen = 0;
    for (std::size_t j = 0; j < chain.length; ++j) {
      chain.models[j] = model_parameter(parameters, text("model_", j));
      require((seen & model_bit(chain.models[j])) == 0, "cascade", "different models in a chain",
              text("model ", chain.models[j], " twice"));
      seen |= model_bit(chain.models[j]);
      if (j + 1 < chain.length) {
        chain.thresholds[j] = parameter(parameters, text("threshold_", j), 0, always_defer);
      }
    }
    return std::make_unique<CascadeRule>(chain);
  }
};

}  // namespace

std::unique_ptr<Policy> make_cascade(const PolicyOptions& options) {
  return std::make_unique<CascadePolicy>(options);
}

}  // namespace muxnet
