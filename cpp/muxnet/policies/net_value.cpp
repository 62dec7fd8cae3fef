#include "muxnet/policies/net_value.hpp"

#include <algorithm>
#include <limits>

namespace muxnet {
namespace {

constexpr double unbounded = std::numeric_limits<double>::max();

/// A lambda at which an input's argmax moves to a cheaper model, and the cost that saves.
struct Flip {
  double lambda;
  double saved;
};

/// Adds the flips of one input as lambda rises from 0: along the upper envelope of
/// v_i - lambda c_i.
void add_flips(std::span<const double> values, std::span<const double> costs,
               std::vector<Flip>& flips) {
  auto at =
      static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
  for (;;) {
    std::size_t next = at;
    double lowest = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (costs[i] >= costs[at]) continue;
      const double lambda = (values[at] - values[i]) / (costs[at] - costs[i]);
      if (lambda < lowest || (lambda == lowest && costs[i] < costs[next])) {
        lowest = lambda;
        next = i;
      }
    }
    if (next == at) return;
    flips.push_back({lowest, costs[at] - costs[next]});
    at = next;
  }
}

}  // namespace

NetValue::NetValue(std::vector<double> relative_costs, double lambda)
    : penalties_(std::move(relative_costs)) {
  for (double& penalty : penalties_) penalty *= lambda;
}

std::size_t NetValue::subtract(Values& values) const {
  std::size_t best = 0;
  for (std::size_t i = 0; i < penalties_.size(); ++i) {
    values[i] -= penalties_[i];
    if (values[i] > values[best]) best = i;
  }
  return best;
}

ValueChoice::ValueChoice(NetValue net_value, double gate, std::size_t fallback)
    : net_value_(std::move(net_value)), gate_(gate), fallback_(fallback) {}

std::size_t ValueChoice::operator()(Values& values) const {
  const std::size_t best = net_value_.subtract(values);
  for (std::size_t i = 0; i < size(); ++i) {
    if (i != best && values[best] - values[i] < gate_) return fallback_;
  }
  return best;
}

Reason ValueChoice::explain(Values& values) const {
  if (size() < 2) return {};
  const std::size_t best = net_value_.subtract(values);
  double next = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < size(); ++i) {
    if (i != best) next = std::max(next, values[i]);
  }
  Reason reason = Reason::at_least("value less cost", values[best], next);
  reason.against = "next best model";
  if (values[best] - next < gate_) {
    reason = {"lead over the next best model", values[best] - next, "<", gate_, "gate", {}};
  }
  reason.values.assign(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(size()));
  return reason;
}

ValueChoice ValuePolicy::choice(const PolicyParameters& parameters) const {
  const auto order = by_cost();
  return {NetValue(relative_costs(), parameter(parameters, "lambda", -unbounded, unbounded)),
          options().gate, options().unsure == Unsure::dearest ? order.back() : order.front()};
}

std::vector<PolicyParameters> ValuePolicy::settings(std::span<const double> values) const {
  std::vector<PolicyParameters> result;
  const auto count = static_cast<std::size_t>(options().bins);
  for (const double lambda : even_lambdas(values, relative_costs(), count)) {
    result.push_back({{"lambda", lambda}});
  }
  return result;
}

namespace {

/// As even_lambdas(), those above 0.
std::vector<double> rising_lambdas(std::span<const double> values,
                                   const std::vector<double>& relative_costs, std::size_t count) {
  std::vector<Flip> flips;
  for (std::size_t at = 0; at < values.size(); at += relative_costs.size()) {
    add_flips(values.subspan(at, relative_costs.size()), relative_costs, flips);
  }
  std::sort(flips.begin(), flips.end(),
            [](const Flip& a, const Flip& b) { return a.lambda < b.lambda; });
  double left = 0;
  for (const Flip& flip : flips) left += flip.saved;
  const double step = left / static_cast<double>(count);
  std::vector<double> lambdas;
  double saved = 0;
  for (std::size_t i = 0; i + 1 < flips.size(); ++i) {
    saved += flips[i].saved;
    if (saved < step || flips[i].lambda == flips[i + 1].lambda) continue;
    lambdas.push_back(0.5 * (flips[i].lambda + flips[i + 1].lambda));
    saved = 0;
  }
  if (!flips.empty()) lambdas.push_back(flips.back().lambda * 1.001);
  return lambdas;
}

}  // namespace

std::vector<double> even_lambdas(std::span<const double> values,
                                 const std::vector<double>& relative_costs, std::size_t count) {
  std::vector<double> lambdas{0.0};
  for (const double sign : {1.0, -1.0}) {
    std::vector<double> costs = relative_costs;
    for (double& cost : costs) cost *= sign;
    for (const double lambda : rising_lambdas(values, costs, count)) {
      lambdas.push_back(sign * lambda);
    }
  }
  return lambdas;
}

}  // namespace muxnet
