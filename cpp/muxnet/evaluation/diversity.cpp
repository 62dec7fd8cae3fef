#include "muxnet/evaluation/diversity.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

/// The greatest worth of answers to one input, and the next.
std::pair<double, double> best_two(std::span<const float> worth) {
  std::pair<double, double> best{0, 0};
  for (const float value : worth) {
    const double own = value;
    best = own > best.first ? std::pair(own, best.first)
                            : std::pair(best.first, std::max(own, best.second));
  }
  return best;
}

}  // namespace

Diversity diversity(const OutcomeTable& table, std::size_t reference) {
  const auto models = static_cast<std::size_t>(table.model_count());
  require(models > 1, "diversity", "two or more models", text(models));
  require(reference < models, "diversity", text("a model below ", models), text(reference));
  const auto worth = table.quality().span<float>();
  const auto answers = table.predictions().span<std::int32_t>();
  const auto apart = [&](std::size_t a, std::size_t b) {
    return table.by_quality()
               ? std::abs(static_cast<double>(worth[a]) - static_cast<double>(worth[b]))
               : static_cast<double>(answers[a] != answers[b]);
  };
  const auto n = static_cast<double>(table.size());
  Diversity found;
  for (std::size_t a = 0; a < models; ++a) {
    for (std::size_t b = a + 1; b < models; ++b) {
      double differ = 0, wrong = 0;
      for (std::size_t row = 0; row < worth.size(); row += models) {
        differ += apart(row + a, row + b);
        wrong += 1 - static_cast<double>(std::max(worth[row + a], worth[row + b]));
      }
      found.disagreement += differ / n;
      found.double_fault += wrong / n;
    }
  }
  const double pairs = 0.5 * static_cast<double>(models * (models - 1));
  found.disagreement /= pairs;
  found.double_fault /= pairs;
  for (std::size_t row = 0; row < worth.size(); row += models) {
    const double best = best_two(worth.subspan(row, models)).first;
    found.all_wrong += 1 - best;
    found.oracle_gain += best - static_cast<double>(worth[row + reference]);
  }
  found.all_wrong /= n;
  found.oracle_gain /= n;
  return found;
}

std::vector<double> only_right(const OutcomeTable& table) {
  const auto worth = table.quality().span<float>();
  const auto models = static_cast<std::size_t>(table.model_count());
  std::vector<double> shares(models, 0.0);
  for (std::size_t row = 0; row < worth.size(); row += models) {
    const auto [best, next] = best_two(worth.subspan(row, models));
    for (std::size_t i = 0; i < models; ++i) {
      if (static_cast<double>(worth[row + i]) == best) shares[i] += best - next;
    }
  }
  for (double& share : shares) share /= static_cast<double>(table.size());
  return shares;
}

}  // namespace muxnet
