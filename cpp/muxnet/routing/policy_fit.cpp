#include <algorithm>
#include <cmath>
#include <numeric>

#include "muxnet/core/error.hpp"
#include "muxnet/routing/input_groups.hpp"
#include "muxnet/routing/policy.hpp"

namespace muxnet {
namespace {

void require_needs(const std::string& policy, const Needs& needs, const OutcomeFields& fields) {
  require(!needs.scores || !fields.scores.empty() || !fields.weights.empty(), policy,
          "a table with the multiplexer's weights or scores", "one without");
  require(!needs.features || !fields.features.empty(), policy, "a table with features",
          "one without");
  require(!needs.offload_score || !fields.offload_score.empty(), policy,
          "a table with offload_score", "one without");
}

/// Standard error of the mean of values of inputs that come in groups.
double standard_error(const std::vector<double>& values, const InputGroups& groups) {
  const auto inputs = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / inputs;
  const auto sums = groups.sums(values);
  const auto sizes = groups.sizes();
  double squares = 0;
  for (std::size_t group = 0; group < sums.size(); ++group) {
    squares += std::pow(sums[group] - mean * static_cast<double>(sizes[group]), 2);
  }
  return std::sqrt(squares) / inputs;
}

/// The largest that the standard error of differences in [-1, 1] can be.
double largest_standard_error(const InputGroups& groups) {
  double squares = 0;
  for (const std::size_t size : groups.sizes()) squares += std::pow(static_cast<double>(size), 2);
  return std::sqrt(squares) / static_cast<double>(groups.inputs());
}

constexpr const char* held_out_wanted =
    "a table of held-out inputs (of --split held_out, train or all): nothing may be chosen on the "
    "test split";

}  // namespace

double Policy::loss_within_noise(const OutcomeTable& held_out, const OperatingPoint& best) const {
  const InputGroups groups(held_out);
  const double limit = largest_standard_error(groups);
  const auto quality = replay(held_out, best.parameters).quality(held_out);
  for (const auto& point : points_) {
    const double loss = best.accuracy - point.accuracy;
    if (loss <= 0) break;
    if (loss > limit) continue;
    auto differences = replay(held_out, point.parameters).quality(held_out);
    for (std::size_t i = 0; i < differences.size(); ++i) differences[i] -= quality[i];
    if (loss <= standard_error(differences, groups)) return loss;
  }
  return 0;
}

void Policy::fit(const OutcomeTable& recorded) {
  const auto where = name() + ".fit";
  const auto writing = access_.write(where);
  require(recorded.fields().split != "test", where, held_out_wanted, "split 'test'");
  require(recorded.judged(), where, "a labelled table", "one without labels or quality");
  identity_.reset();
  require_needs(name(), needs(), recorded.fields());
  const OutcomeTable held_out = recorded.complete();
  describe(held_out);
  calibration_.reset();  // what it learns from is calibrated already
  std::shared_ptr<const AnswerCalibration> calibration;
  OutcomeTable decided = held_out;  // as the finished rule sees it
  if (needs().distributions && !held_out.distributed()) {
    calibration = std::make_shared<const AnswerCalibration>(recorded);
    decided = calibration->applied(held_out);
    candidates_ = search(AnswerCalibration::cross_fitted(recorded).complete());
    settle(decided, candidates_);
  } else {
    candidates_ = search(held_out);
  }
  require(!candidates_.empty(), where, "at least one operating point", "none");
  for (auto& point : candidates_) {
    if (point.called_shares.size() == models_.size()) continue;
    point.called_shares =
        make_rule(point.parameters)->replay(decided).called_shares(decided.model_count());
  }
  for (auto& point : candidates_) pay_first(point);
  multiplexer_cost_ = uses_multiplexer() ? held_out.multiplexer_cost(options_.cost_kind) : 0;
  if (options_.cost_kind == "macs")
    multiplexer_cost_ += make_rule(candidates_.front().parameters)->macs();
  allowed_loss_ = 0;
  choose_again();
  allowed_loss_ = loss_within_noise(decided, best_affordable());
  point_ = default_point();
  calibration_ = std::move(calibration);
  identity_ = recorded.identity();
}

void Policy::describe(const OutcomeTable& held_out) {
  models_ = held_out.models();
  costs_ = prices_ = held_out.costs(options_.cost_kind);
  classes_ = held_out.class_count();
  class_names_ = held_out.fields().class_names;
  score_kinds_ = held_out.fields().score_kinds;
  accuracies_ = held_out.accuracies();
  by_quality_ = held_out.by_quality();
  dropped_ = 0;
  called_first_ = needs().scores ? held_out.called_first() : 0;
}

void Policy::settle(const OutcomeTable& decided, std::vector<OperatingPoint>& points) {
  for (auto& point : points) {
    const double left_out = point.accuracy;
    point = measured(point.parameters, replay(decided, point.parameters), decided);
    point.accuracy = std::min(point.accuracy, left_out);
  }
}

/// Where search() has counted only the calls that the rule itself asks for.
void Policy::pay_first(OperatingPoint& point) const {
  for (const std::size_t model : models_of(called_first_)) {
    point.cost += (1 - point.called_shares[model]) * costs_[model];
    point.called_shares[model] = 1;
  }
}

}  // namespace muxnet
