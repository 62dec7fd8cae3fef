#include "muxnet/routing/decisions.hpp"

#include <bit>

#include "muxnet/core/error.hpp"
#include "muxnet/routing/model_mask.hpp"

namespace muxnet {

std::vector<double> Decisions::quality(const OutcomeTable& table) const {
  require(table.judged(), "decisions", "a table with labels or quality", "one without");
  require(static_cast<std::size_t>(table.size()) == answers.size(), "decisions",
          text(answers.size(), " inputs"), text(table.size()));
  std::vector<double> result(answers.size());
  if (!table.by_quality()) {
    const auto labels = table.labels();
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = answers[i] == labels[i] ? 1 : 0;
    return result;
  }
  const auto quality = table.quality().span<float>();
  const auto predictions = table.predictions().span<std::int32_t>();
  const auto models = static_cast<std::size_t>(table.model_count());
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto* own = predictions.data() + i * models;
    std::size_t given = models;
    for (const std::size_t model : models_of(answered_from[i])) {
      if (given == models && own[model] == answers[i]) given = model;
    }
    require(given < models, "decisions", "an answer that some model gave",
            text("another to row ", i));
    result[i] = static_cast<double>(quality[i * models + given]);
  }
  return result;
}

std::vector<double> Decisions::costs(const OutcomeTable& table, const std::string& kind) const {
  const CallCost cost(table, kind);
  const double base =
      (uses_multiplexer ? table.multiplexer_cost(kind) : 0.0) + (kind == "macs" ? rule_macs : 0.0);
  std::vector<double> result(called.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    double sum = base;
    for (const std::size_t model : models_of(called[i])) sum += cost(i, model);
    result[i] = sum;
  }
  return result;
}

std::vector<double> Decisions::called_shares(std::int64_t models) const {
  std::vector<double> result(static_cast<std::size_t>(models), 0.0);
  for (const std::uint64_t mask : called) {
    for (const std::size_t model : models_of(mask)) result[model] += 1.0;
  }
  for (double& share : result) share /= static_cast<double>(called.size());
  return result;
}

double Decisions::models_per_input() const {
  double sum = 0;
  for (const std::uint64_t mask : called) sum += std::popcount(mask);
  return sum / static_cast<double>(called.size());
}

}  // namespace muxnet
