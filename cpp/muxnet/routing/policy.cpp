#include "muxnet/routing/policy.hpp"

#include <algorithm>
#include <numeric>

#include "muxnet/core/error.hpp"
#include "muxnet/routing/pareto.hpp"

namespace muxnet {
namespace {

std::string join(const std::vector<std::string>& names) {
  std::string result;
  for (const auto& name : names) result += (result.empty() ? "" : ", ") + name;
  return result;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

Policy::Policy(PolicyOptions options) : options_(std::move(options)) {
  require(options_.bins >= 2 && options_.bins <= 200, "policy options", "bins in [2, 200]",
          text(options_.bins));
  require(options_.max_models >= 1 && options_.max_models <= 4, "policy options",
          "max_models in [1, 4]", text(options_.max_models));
}

void Policy::fit(const OutcomeTable& held_out) {
  const auto where = name() + ".fit";
  require(held_out.fields().split != "test", where,
          "a table of held-out inputs: nothing may be chosen on the test split", "split 'test'");
  require(held_out.labelled(), where, "a labelled table", "one without labels");
  identity_.reset();
  models_ = held_out.models();
  costs_ = held_out.costs(options_.cost_kind);
  classes_ = held_out.class_count();
  best_single_ = best_single_model(held_out, options_.cost_kind);
  auto points = search(held_out);
  require(!points.empty(), where, "at least one operating point", "none");
  points_ = std::move(points);
  point_ = default_point(held_out);
  identity_ = held_out.identity();
}

const std::vector<OperatingPoint>& Policy::operating_points() const {
  require_fitted();
  return points_;
}

const OperatingPoint& Policy::point() const {
  require_fitted();
  return point_;
}

void Policy::choose(OperatingPoint point) {
  require_fitted();
  make_rule(point.parameters);  // throws on parameters that are none of this policy's
  point_ = std::move(point);
}

void Policy::choose_for_budget(double cost) {
  require_fitted();
  require(cost >= points_.front().cost, name() + ".choose_for_budget",
          text("a budget of at least ", points_.front().cost, ' ', options_.cost_kind), text(cost));
  point_ = point_within(cost);
}

const TableIdentity& Policy::fitted_on() const {
  require_fitted();
  return *identity_;
}

std::size_t Policy::best_single() const {
  require_fitted();
  return best_single_;
}

std::unique_ptr<Rule> Policy::rule(const OperatingPoint& point) const {
  require_fitted();
  return make_rule(point.parameters);
}

Decisions Policy::decide(const OutcomeTable& table, const OperatingPoint& point) const {
  require_fitted();
  require(table.models() == models_, name() + ".decide", text("models ", join(models_)),
          join(table.models()));
  Decisions decisions = make_rule(point.parameters)->replay(table);
  decisions.router = uses_router();
  return decisions;
}

OperatingPoint Policy::measure(const OutcomeTable& table,
                               const PolicyParameters& parameters) const {
  Decisions decisions = make_rule(parameters)->replay(table);
  decisions.router = uses_router();
  const auto correct = decisions.correct(table);
  const double right = std::accumulate(correct.begin(), correct.end(), 0.0);
  return {parameters, right / static_cast<double>(correct.size()),
          mean(decisions.costs(table, options_.cost_kind))};
}

OperatingPoint Policy::default_point(const OutcomeTable& held_out) const {
  const double look = uses_router() ? held_out.router_cost(options_.cost_kind) : 0;
  const double limit = costs_[best_single_] + look;
  const OperatingPoint* best = nullptr;
  for (const auto& point : points_) {
    if (point.cost > limit) break;
    if (best == nullptr || point.accuracy > best->accuracy) best = &point;
  }
  return best == nullptr ? points_.front() : *best;
}

OperatingPoint Policy::point_within(double cost) const {
  // Accuracy rises with cost along the front.
  const auto above =
      std::upper_bound(points_.begin(), points_.end(), cost,
                       [](double limit, const OperatingPoint& p) { return limit < p.cost; });
  return *(above - 1);
}

std::vector<OperatingPoint> Policy::front_of(
    const OutcomeTable& held_out, const std::vector<PolicyParameters>& candidates) const {
  std::vector<OperatingPoint> measured;
  std::vector<PlanePoint> plane;
  for (const auto& parameters : candidates) {
    measured.push_back(measure(held_out, parameters));
    plane.push_back({measured.back().cost, measured.back().accuracy});
  }
  std::vector<OperatingPoint> front;
  for (const std::size_t i : pareto_front(plane)) front.push_back(std::move(measured[i]));
  return front;
}

double Policy::parameter(const PolicyParameters& parameters, const std::string& key, double low,
                         double high) const {
  const auto found = parameters.find(key);
  require(found != parameters.end(), name(), text("a parameter '", key, "'"), "none");
  require(found->second >= low && found->second <= high, name(),
          text(key, " in [", low, ", ", high, "]"), text(found->second));
  return found->second;
}

std::size_t Policy::model_parameter(const PolicyParameters& parameters,
                                    const std::string& key) const {
  const double last = static_cast<double>(models_.size()) - 1;
  return static_cast<std::size_t>(parameter(parameters, key, 0, last));
}

std::vector<std::size_t> Policy::by_cost() const {
  std::vector<std::size_t> order(costs_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return costs_[a] < costs_[b]; });
  return order;
}

std::vector<double> Policy::relative_costs() const {
  const double dearest = *std::max_element(costs_.begin(), costs_.end());
  std::vector<double> result = costs_;
  for (double& cost : result) cost /= dearest;
  return result;
}

void Policy::require_fitted() const {
  require(fitted(), name(), "a fitted policy (call fit first)", "one that is not fitted");
}

std::size_t best_single_model(const OutcomeTable& table, const std::string& cost_kind) {
  const auto accuracies = table.accuracies();
  const auto& costs = table.costs(cost_kind);
  std::size_t best = 0;
  for (std::size_t i = 1; i < accuracies.size(); ++i) {
    const bool cheaper_equal = accuracies[i] == accuracies[best] && costs[i] < costs[best];
    if (accuracies[i] > accuracies[best] || cheaper_equal) best = i;
  }
  return best;
}

}  // namespace muxnet
