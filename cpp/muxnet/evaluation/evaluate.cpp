#include "muxnet/evaluation/evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr double collapse_share = 0.99;

/// Per-input values of all evaluations, to be resampled together.
struct Columns {
  std::vector<std::vector<double>> values;
  std::vector<Estimate*> estimates;  ///< of each column's mean

  void add(std::vector<double> column, Estimate& estimate) {
    estimate.value =
        std::accumulate(column.begin(), column.end(), 0.0) / static_cast<double>(column.size());
    values.push_back(std::move(column));
    estimates.push_back(&estimate);
  }

  void fill_intervals(const InputGroups& groups, const BootstrapOptions& options) const {
    const auto means = bootstrap_means(values, groups, options);
    for (std::size_t column = 0; column < values.size(); ++column) {
      std::vector<double> resampled;
      for (std::size_t at = column; at < means.size(); at += values.size()) {
        resampled.push_back(means[at]);
      }
      estimates[column]->interval = percentile_interval(std::move(resampled), options.level);
    }
  }
};

/// On a table of answers to all inputs.
void describe(const Policy& policy, const OperatingPoint& point, const OutcomeTable& table,
              const EvaluationOptions& options, Evaluation& result, Columns& columns) {
  if (!options.allow_seen) require_unseen(policy, table);
  result.seen = policy.fitted_on().overlaps(*table.identity());
  const Decisions decisions = policy.decide(table, point);
  result.policy = policy.name();
  result.parameters = point.parameters;
  result.split = table.fields().split;
  result.inputs = table.size();
  result.groups = static_cast<std::int64_t>(InputGroups(table).count());
  result.quality = decisions.quality(table);
  result.models_per_input = decisions.models_per_input();
  result.called_shares = decisions.called_shares(table.model_count());
  result.collapse = collapse_text(result.called_shares, table.models());
  columns.add(result.quality, result.accuracy);
  const auto models = static_cast<std::size_t>(table.model_count());
  const auto each = table.quality().span<float>();
  std::vector<double> missed;
  for (const double own : result.quality) {
    const auto all = each.subspan(missed.size() * models, models);
    missed.push_back(static_cast<double>(*std::max_element(all.begin(), all.end())) - own);
  }
  columns.add(std::move(missed), result.regret);
  for (const auto& [kind, values] : table.fields().costs) {
    auto costs = decisions.costs(table, kind);
    auto& statistics = result.costs[kind] = tail_of(costs);
    columns.add(std::move(costs), statistics.mean);
  }
}

}  // namespace

CostStatistics tail_of(std::vector<double> costs) {
  CostStatistics statistics;
  const auto n = static_cast<double>(costs.size());
  std::sort(costs.begin(), costs.end());
  statistics.p99 = costs[static_cast<std::size_t>(std::ceil(0.99 * n)) - 1];
  statistics.worst = costs.back();
  return statistics;
}

void require_unseen(const Policy& policy, const OutcomeTable& table) {
  const auto seen = table.size() - std::ssize(policy.unseen_rows(table));
  require(!table.identity()->overlaps(policy.fitted_on()), "evaluate",
          text("inputs that '", policy.name(), "' was not fitted on"),
          text("a table that shares ", seen, " of its ", table.size(),
               " inputs with its held-out table (source '", table.identity()->source, "')"));
}

std::vector<Evaluation> evaluate_all(const std::vector<const Policy*>& policies,
                                     const OutcomeTable& recorded,
                                     const EvaluationOptions& options) {
  std::vector<Evaluation> results(policies.size());
  if (policies.empty()) return results;
  const OutcomeTable table = recorded.complete();
  Columns columns;
  for (std::size_t i = 0; i < policies.size(); ++i) {
    describe(*policies[i], policies[i]->point(), table, options, results[i], columns);
  }
  columns.fill_intervals(InputGroups(table), options.bootstrap);
  return results;
}

Evaluation evaluate(const Policy& policy, const OutcomeTable& table,
                    const EvaluationOptions& options) {
  return evaluate(policy, policy.point(), table, options);
}

Evaluation evaluate(const Policy& policy, const OperatingPoint& point, const OutcomeTable& recorded,
                    const EvaluationOptions& options) {
  const OutcomeTable table = recorded.complete();
  Evaluation result;
  Columns columns;
  describe(policy, point, table, options, result, columns);
  columns.fill_intervals(InputGroups(table), options.bootstrap);
  return result;
}

std::vector<Estimate> evaluate_models(const OutcomeTable& table, const BootstrapOptions& options) {
  const auto quality = table.quality().span<float>();
  const auto models = static_cast<std::size_t>(table.model_count());
  const InputGroups groups(table);
  std::vector<Estimate> results(models);
  Columns columns;
  for (std::size_t model = 0; model < models; ++model) {
    std::vector<double> column;
    std::vector<std::int64_t> answered;
    for (std::size_t at = model; at < quality.size(); at += models) {
      if (std::isnan(quality[at])) continue;
      column.push_back(static_cast<double>(quality[at]));
      answered.push_back(static_cast<std::int64_t>(at / models));
    }
    if (answered.size() < groups.inputs()) {  // other inputs than the other models'
      results[model] = bootstrap_mean(column, groups.of(answered), options);
    } else {
      columns.add(std::move(column), results[model]);
    }
  }
  if (!columns.values.empty()) columns.fill_intervals(groups, options);
  return results;
}

Evaluation in_pool(Evaluation evaluation, const std::vector<std::string>& models,
                   const std::vector<std::string>& pool) {
  constexpr auto where = "evaluation in a pool";
  require(models.size() == evaluation.called_shares.size(), where,
          text(evaluation.called_shares.size(), " models"), text(models.size()));
  std::vector<double> shares(pool.size(), 0.0);
  for (std::size_t i = 0; i < models.size(); ++i) {
    const auto place = std::find(pool.begin(), pool.end(), models[i]);
    require(place != pool.end(), where, "models of the pool", models[i]);
    shares[static_cast<std::size_t>(place - pool.begin())] = evaluation.called_shares[i];
  }
  evaluation.called_shares = std::move(shares);
  return evaluation;
}

std::optional<std::size_t> collapsed_model(const std::vector<double>& called_shares) {
  const auto top = std::max_element(called_shares.begin(), called_shares.end());
  if (top == called_shares.end() || called_shares.size() < 2) return {};
  const double others = std::accumulate(called_shares.begin(), called_shares.end(), -*top);
  if (*top <= collapse_share || others >= 1 - collapse_share) return {};
  return static_cast<std::size_t>(top - called_shares.begin());
}

std::string collapse_text(const std::vector<double>& called_shares,
                          const std::vector<std::string>& models) {
  const auto model = collapsed_model(called_shares);
  if (!model) return "";
  char percent[16];
  std::snprintf(percent, sizeof percent, "%.1f", 100 * called_shares[*model]);
  return text("collapsed: '", models[*model], "' alone is called for ", percent,
              " % of the inputs");
}

}  // namespace muxnet
