#include "muxnet/core/error.hpp"
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

}  // namespace

void Policy::fit(const OutcomeTable& recorded) {
  const auto where = name() + ".fit";
  const auto writing = access_.write(where);
  require(recorded.fields().split != "test", where,
          "a table of held-out inputs: nothing may be chosen on the test split", "split 'test'");
  require(recorded.judged(), where, "a labelled table", "one without labels or quality");
  identity_.reset();
  require_needs(name(), needs(), recorded.fields());
  OutcomeTable held_out = recorded.complete();
  models_ = held_out.models();
  costs_ = prices_ = held_out.costs(options_.cost_kind);
  classes_ = held_out.class_count();
  class_names_ = held_out.fields().class_names;
  accuracies_ = held_out.accuracies();
  by_quality_ = held_out.by_quality();
  score_kind_ = held_out.score_kind();
  dropped_ = 0;
  called_first_ = needs().scores ? held_out.called_first() : 0;
  calibration_.reset();  // what it learns from is calibrated already
  std::shared_ptr<const AnswerCalibration> calibration;
  if (needs().distributions && !held_out.distributed()) {
    calibration = std::make_shared<const AnswerCalibration>(held_out);
    held_out = AnswerCalibration::cross_fitted(held_out);
  }
  candidates_ = search(held_out);
  require(!candidates_.empty(), where, "at least one operating point", "none");
  for (auto& point : candidates_) {
    if (point.called_shares.size() == models_.size()) continue;
    point.called_shares =
        make_rule(point.parameters)->replay(held_out).called_shares(held_out.model_count());
  }
  for (auto& point : candidates_) pay_first(point);
  multiplexer_cost_ = uses_multiplexer() ? held_out.multiplexer_cost(options_.cost_kind) : 0;
  if (options_.cost_kind == "macs")
    multiplexer_cost_ += make_rule(candidates_.front().parameters)->macs();
  choose_again();
  calibration_ = std::move(calibration);
  identity_ = recorded.identity();
}

/// Where search() has counted only the calls that the rule itself asks for.
void Policy::pay_first(OperatingPoint& point) const {
  for (const std::size_t model : models_of(called_first_)) {
    point.cost += (1 - point.called_shares[model]) * costs_[model];
    point.called_shares[model] = 1;
  }
}

}  // namespace muxnet
