#include "muxnet/routing/evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr double collapse_share = 0.99;

CostFigures tail_of(std::vector<double> costs) {
  CostFigures figures;
  const auto n = static_cast<double>(costs.size());
  figures.mean.value = std::accumulate(costs.begin(), costs.end(), 0.0) / n;
  std::sort(costs.begin(), costs.end());
  // The smallest cost that at least 99 % of the inputs do not exceed.
  figures.p99 = costs[static_cast<std::size_t>(std::ceil(0.99 * n)) - 1];
  figures.worst = costs.back();
  return figures;
}

Interval column_interval(const std::vector<double>& means, std::size_t column, std::size_t width,
                         double level) {
  std::vector<double> values;
  for (std::size_t at = column; at < means.size(); at += width) values.push_back(means[at]);
  return percentile_interval(std::move(values), level);
}

}  // namespace

void require_unseen(const Policy& policy, const OutcomeTable& table) {
  require(!policy.fitted_on().overlaps(*table.identity()), "evaluate",
          text("inputs that '", policy.name(), "' was not fitted on"),
          text("a table that shares inputs with its held-out table (source '",
               table.identity()->source, "')"));
}

Evaluation evaluate(const Policy& policy, const OutcomeTable& table,
                    const EvaluationOptions& options) {
  Evaluation result;
  result.seen = policy.fitted_on().overlaps(*table.identity());
  if (!options.allow_seen) require_unseen(policy, table);
  const Decisions decisions = policy.decide(table);
  result.policy = policy.name();
  result.parameters = policy.point().parameters;
  result.split = table.fields().split;
  result.correct = decisions.correct(table);
  result.models_per_input = decisions.models_per_input();
  result.called_shares = decisions.called_shares(table.model_count());
  result.collapse = collapse_text(result.called_shares, table.models());

  std::vector<std::vector<double>> columns{{result.correct.begin(), result.correct.end()}};
  for (const auto& [kind, values] : table.fields().costs) {
    columns.push_back(decisions.costs(table, kind));
    result.costs[kind] = tail_of(columns.back());
  }
  const auto means = bootstrap_means(columns, options.bootstrap);
  const double right = std::accumulate(columns[0].begin(), columns[0].end(), 0.0);
  result.accuracy = {right / static_cast<double>(columns[0].size()),
                     column_interval(means, 0, columns.size(), options.bootstrap.level)};
  std::size_t column = 1;
  for (auto& [kind, figures] : result.costs) {
    figures.mean.interval =
        column_interval(means, column++, columns.size(), options.bootstrap.level);
  }
  return result;
}

std::string collapse_text(const std::vector<double>& called_shares,
                          const std::vector<std::string>& models) {
  const auto top = std::max_element(called_shares.begin(), called_shares.end());
  if (top == called_shares.end() || called_shares.size() < 2) return "";
  const double others = std::accumulate(called_shares.begin(), called_shares.end(), -*top);
  if (*top <= collapse_share || others >= 1 - collapse_share) return "";
  char percent[16];
  std::snprintf(percent, sizeof percent, "%.1f", 100 * *top);
  return text("collapsed: '", models[static_cast<std::size_t>(top - called_shares.begin())],
              "' alone is called for ", percent, " % of the inputs");
}

}  // namespace muxnet
