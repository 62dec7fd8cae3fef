#include "muxnet/evaluation/diversity.hpp"

#include <numeric>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

/// Per input, how many models are right.
std::vector<std::int64_t> right_models(const OutcomeTable& table) {
  const auto correct = table.right();
  const auto models = static_cast<std::size_t>(table.model_count());
  std::vector<std::int64_t> counts(static_cast<std::size_t>(table.size()), 0);
  for (std::size_t at = 0; at < correct.size(); ++at) counts[at / models] += correct[at];
  return counts;
}

}  // namespace

Diversity diversity(const OutcomeTable& table, std::size_t reference) {
  const auto models = static_cast<std::size_t>(table.model_count());
  require(models > 1, "diversity", "two or more models", text(models));
  require(reference < models, "diversity", text("a model below ", models), text(reference));
  const auto correct = table.right();
  const auto answers = table.predictions().span<std::int32_t>();
  const auto n = static_cast<double>(table.size());
  Diversity found;
  for (std::size_t a = 0; a < models; ++a) {
    for (std::size_t b = a + 1; b < models; ++b) {
      double differ = 0, wrong = 0;
      for (std::size_t row = 0; row < correct.size(); row += models) {
        differ += answers[row + a] != answers[row + b] ? 1 : 0;
        wrong += correct[row + a] == 0 && correct[row + b] == 0 ? 1 : 0;
      }
      found.disagreement += differ / n;
      found.double_fault += wrong / n;
    }
  }
  const double pairs = 0.5 * static_cast<double>(models * (models - 1));
  found.disagreement /= pairs;
  found.double_fault /= pairs;
  const auto counts = right_models(table);
  for (std::size_t row = 0; row < counts.size(); ++row) {
    if (counts[row] == 0) found.all_wrong += 1;
    if (counts[row] > 0 && correct[row * models + reference] == 0) found.oracle_gain += 1;
  }
  found.all_wrong /= n;
  found.oracle_gain /= n;
  return found;
}

std::vector<double> only_right(const OutcomeTable& table) {
  const auto correct = table.right();
  const auto models = static_cast<std::size_t>(table.model_count());
  const auto counts = right_models(table);
  std::vector<double> shares(models, 0.0);
  for (std::size_t at = 0; at < correct.size(); ++at) {
    if (correct[at] != 0 && counts[at / models] == 1) shares[at % models] += 1;
  }
  for (double& share : shares) share /= static_cast<double>(table.size());
  return shares;
}

}  // namespace muxnet
