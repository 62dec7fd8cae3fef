#include "muxnet/routing/policy.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "muxnet/core/names.hpp"
#include "muxnet/routing/encoder_rule.hpp"

namespace muxnet {
namespace {

/// The most accurate, the cheapest of equals, of the models without a bit in `dropped`.
std::size_t best_model(const std::vector<double>& accuracies, const std::vector<double>& costs,
                       std::uint64_t dropped) {
  std::size_t best = accuracies.size();
  for (std::size_t i = 0; i < accuracies.size(); ++i) {
    if ((dropped & model_bit(i)) != 0) continue;
    const bool cheaper_equal =
        best < i && accuracies[i] == accuracies[best] && costs[i] < costs[best];
    if (best > i || accuracies[i] > accuracies[best] || cheaper_equal) best = i;
  }
  return best;
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
  require(options_.gate >= 0 && std::isfinite(options_.gate), "policy options",
          "a gate of at least 0", text(options_.gate));
}

bool Policy::uses_multiplexer() const {
  const Needs wanted = needs();
  return wanted.scores || wanted.features || wanted.offload_score;
}

std::string Policy::fitting_part() const {
  if (needs().offload_score) return "offload-calibration";
  return uses_multiplexer() ? "calibration" : "held_out";
}

void Policy::choose_again() {
  best_single_ = best_model(accuracies_, prices_, dropped_);
  std::vector<PlanePoint> plane;
  for (const auto& point : candidates_) plane.push_back({point.cost, point.accuracy});
  points_.clear();
  for (const std::size_t i : front(plane)) points_.push_back(candidates_[i]);
  point_ = default_point();
  abstention_.reset();
}

void Policy::reprice(const std::vector<double>& costs, std::optional<double> multiplexer_cost) {
  const auto where = name() + ".reprice";
  const auto writing = access_.write(where);
  require_fitted();
  require(costs.size() == models_.size(), where, text(models_.size(), " costs"),
          text(costs.size()));
  for (std::size_t i = 0; i < costs.size(); ++i) {
    require(std::isfinite(costs[i]) && costs[i] >= 0, where, "costs of at least 0",
            text(costs[i], " for '", models_[i], "'"));
  }
  require(!multiplexer_cost || (std::isfinite(*multiplexer_cost) && *multiplexer_cost >= 0), where,
          "a multiplexer cost of at least 0", text(multiplexer_cost.value_or(0)));
  prices_ = costs;
  multiplexer_cost_ = multiplexer_cost.value_or(multiplexer_cost_);
  for (auto& point : candidates_) {
    point.cost = std::inner_product(prices_.begin(), prices_.end(), point.called_shares.begin(),
                                    multiplexer_cost_);
  }
  choose_again();
}

void Policy::without(std::size_t model) {
  const auto where = name() + ".without";
  const auto writing = access_.write(where);
  require_fitted();
  require(model < models_.size(), where, text("a model below ", models_.size()), text(model));
  std::vector<OperatingPoint> kept;
  for (const auto& point : candidates_) {
    const std::uint64_t called = whole_rule(point.parameters)->may_call();
    if ((called & model_bit(model)) == 0) kept.push_back(point);
  }
  require(!kept.empty(), where,
          text("an operating point that never calls '", models_[model], "' (fit anew without it)"),
          "none");
  candidates_ = std::move(kept);
  dropped_ |= model_bit(model);
  choose_again();
}

const std::vector<double>& Policy::prices() const {
  require_fitted();
  return prices_;
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
  const auto writing = access_.write(name() + ".choose");
  require_fitted();
  make_rule(point.parameters);  // throws on parameters that are none of this policy's
  point_ = std::move(point);
  abstention_.reset();
}

void Policy::abstain(const Abstention& abstention) {
  const auto where = name() + ".abstain";
  const auto writing = access_.write(where);
  require_fitted();
  require(std::isfinite(abstention.threshold), where, "a finite threshold",
          text(abstention.threshold));
  abstention_ = abstention;
}

void Policy::choose_for_budget(double cost) {
  const auto where = name() + ".choose_for_budget";
  const auto writing = access_.write(where);
  require_fitted();
  require(cost >= points_.front().cost, where,
          text("a budget of at least ", points_.front().cost, ' ', options_.cost_kind), text(cost));
  point_ = point_within(cost);
  abstention_.reset();
}

std::optional<OperatingPoint> Policy::within(double cost) const {
  const auto hold = reading(name() + ".within");
  const double cheapest = operating_points().front().cost;
  if (cheapest > cost * (1 + 1e-9)) return {};
  return point_within(std::max(cost, cheapest));
}

std::optional<std::size_t> Policy::cheapest_as_good(double accuracy) const {
  const auto hold = reading(name() + ".cheapest_as_good");
  const auto& points = operating_points();
  const auto found = std::find_if(points.begin(), points.end(), [&](const OperatingPoint& point) {
    return point.accuracy >= accuracy;
  });
  if (found == points.end()) return {};
  return static_cast<std::size_t>(found - points.begin());
}

const TableIdentity& Policy::fitted_on() const {
  require_fitted();
  return *identity_;
}

std::vector<std::int64_t> Policy::unseen_rows(const OutcomeTable& table) const {
  return table.identity()->rows_beyond(fitted_on());
}

std::size_t Policy::best_single() const {
  require_fitted();
  return best_single_;
}

std::unique_ptr<Rule> Policy::rule() const {
  const auto hold = reading(name() + ".rule");
  auto result = rule(point());
  if (abstention_) result->require_confidence(abstention_->threshold);
  return result;
}

std::unique_ptr<Rule> Policy::rule(const OperatingPoint& point) const {
  const auto hold = reading(name() + ".rule");
  require_fitted();
  auto rule = whole_rule(point.parameters);
  if (calibration_) rule = std::make_unique<CalibratedRule>(std::move(rule), calibration_);
  rule->answer_among(by_quality_);
  return rule;
}

std::unique_ptr<Rule> Policy::whole_rule(const PolicyParameters& parameters) const {
  auto rule = make_rule(parameters);
  rule->answer_among(by_quality_);
  if (called_first_ != 0) rule = std::make_unique<EncoderRule>(std::move(rule), called_first_);
  return rule;
}

Decisions Policy::decide(const OutcomeTable& table) const {
  const auto hold = reading(name() + ".decide");
  return decide(table, point());
}

Decisions Policy::decide(const OutcomeTable& table, const OperatingPoint& point) const {
  const auto hold = reading(name() + ".decide");
  require_fitted();
  return decide_by(table, point.parameters);
}

std::vector<double> Policy::scores_beyond(const OutcomeTable& table) const {
  if (!calibration_) return {};
  return calibration_->beyond(as_fitted(table));
}

OutcomeTable Policy::as_fitted(const OutcomeTable& table) const {
  require(table.models() == models_, name(), text("models ", joined(models_)),
          joined(table.models()));
  const auto& names = table.fields().class_names;
  for (std::size_t k = 0; k < std::min(names.size(), class_names_.size()); ++k) {
    require(names[k] == class_names_[k], name(),
            text("class ", k, " to be '", class_names_[k], '\''), text('\'', names[k], '\''));
  }
  // Where answers alone are judged, without names, their classes are but numbers.
  const bool counted = !by_quality_ || !class_names_.empty();
  require(!counted || !table.distributed() || !table.fields().top_classes.empty() ||
              table.class_count() == classes_,
          name(), text("probabilities of ", classes_, " classes"), text(table.class_count()));
  // A whole distribution tells how sure its answer is, as one score does.
  const bool told = table.distributed() && score_kinds_.size() <= 1;
  return told ? table : table.of_score_kinds(score_kinds_);
}

Decisions Policy::decide_by(const OutcomeTable& table, const PolicyParameters& parameters) const {
  const OutcomeTable known = as_fitted(table);
  require(!table.incomplete(), name(), "answers of every model to every input",
          text(table.missing_share(), " of them missing"));
  if (calibration_) return replay(calibration_->applied(known), parameters);
  require(!needs().distributions || table.distributed(), name(),
          "probabilities of the classes, as it was fitted on", "answers alone");
  return replay(known, parameters);
}

Decisions Policy::replay(const OutcomeTable& table, const PolicyParameters& parameters) const {
  const auto rule = whole_rule(parameters);
  Decisions decisions = rule->replay(table);
  decisions.uses_multiplexer = uses_multiplexer();
  decisions.rule_macs = rule->macs();
  return decisions;
}

OperatingPoint Policy::measure(const OutcomeTable& table,
                               const PolicyParameters& parameters) const {
  return measured(parameters, decide_by(table, parameters), table);
}

OperatingPoint Policy::measured(const PolicyParameters& parameters, const Decisions& decisions,
                                const OutcomeTable& table) const {
  return {parameters, mean(decisions.quality(table)),
          mean(decisions.costs(table, options_.cost_kind)),
          decisions.called_shares(table.model_count())};
}

std::vector<std::size_t> Policy::front(std::span<const PlanePoint> points) const {
  return pareto_front(points);
}

const OperatingPoint& Policy::best_affordable() const {
  const double limit = prices_[best_single_] + multiplexer_cost_;
  const OperatingPoint* best = &points_.front();
  for (const auto& point : points_) {
    if (point.cost > limit) break;
    if (point.accuracy > best->accuracy) best = &point;
  }
  return *best;
}

OperatingPoint Policy::default_point() const {
  const double least = best_affordable().accuracy - allowed_loss_ - 1e-12;  // less by rounding
  return *std::find_if(points_.begin(), points_.end(),
                       [&](const OperatingPoint& point) { return point.accuracy >= least; });
}

OperatingPoint Policy::point_within(double cost) const {
  // Accuracy rises with cost along the front.
  const auto above =
      std::upper_bound(points_.begin(), points_.end(), cost,
                       [](double limit, const OperatingPoint& p) { return limit < p.cost; });
  return *(above - 1);
}

std::vector<OperatingPoint> Policy::measure_all(
    const OutcomeTable& held_out, const std::vector<PolicyParameters>& settings) const {
  std::vector<OperatingPoint> points;
  for (const auto& parameters : settings) points.push_back(measure(held_out, parameters));
  return points;
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

std::vector<double> Policy::added_costs() const {
  std::vector<double> result = costs_;
  for (const std::size_t model : models_of(called_first_)) result[model] = 0;
  return result;
}

std::vector<double> Policy::relative_costs() const {
  const double dearest = *std::max_element(costs_.begin(), costs_.end());
  std::vector<double> result = added_costs();
  for (double& cost : result) cost = dearest > 0 ? cost / dearest : 0;
  return result;
}

void Policy::require_fitted() const {
  require(fitted(), name(), "a fitted policy (call fit first)", "one that is not fitted");
}

std::size_t best_single_model(const OutcomeTable& table, const std::string& cost_kind) {
  return best_model(table.accuracies(), table.costs(cost_kind), 0);
}

}  // namespace muxnet
