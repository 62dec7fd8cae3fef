#include "muxnet/routing/decisions.hpp"

#include <bit>

#include "muxnet/core/error.hpp"
#include "muxnet/routing/model_mask.hpp"

namespace muxnet {

std::vector<std::uint8_t> Decisions::correct(const OutcomeTable& table) const {
  const auto labels = table.labels();
  require(labels.size() == answers.size(), "decisions", text(answers.size(), " labels"),
          text(labels.size()));
  std::vector<std::uint8_t> result(answers.size());
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = answers[i] == labels[i] ? 1 : 0;
  return result;
}

std::vector<double> Decisions::costs(const OutcomeTable& table, const std::string& kind) const {
  const auto& model_costs = table.costs(kind);
  const double base =
      (uses_multiplexer ? table.multiplexer_cost(kind) : 0.0) + (kind == "macs" ? rule_macs : 0.0);
  std::vector<double> result(called.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    double sum = base;
    for (const std::size_t model : models_of(called[i])) sum += model_costs[model];
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
