#include "muxnet/evaluation/hardness.hpp"

#include "muxnet/routing/model_mask.hpp"

namespace muxnet {

std::vector<std::int64_t> input_hardness(const OutcomeTable& table) {
  const auto correct = table.right();
  const auto models = static_cast<std::size_t>(table.model_count());
  std::vector<std::int64_t> hardness(static_cast<std::size_t>(table.size()), 0);
  for (std::size_t at = 0; at < correct.size(); ++at) hardness[at / models] += 1 - correct[at];
  return hardness;
}

std::vector<std::int64_t> hardness_histogram(const OutcomeTable& table) {
  std::vector<std::int64_t> histogram(static_cast<std::size_t>(table.model_count()) + 1, 0);
  for (const auto level : input_hardness(table)) ++histogram[static_cast<std::size_t>(level)];
  return histogram;
}

std::vector<double> right_wrong_matrix(const OutcomeTable& table) {
  const auto correct = table.right();
  const auto models = static_cast<std::size_t>(table.model_count());
  std::vector<double> matrix(models * models, 0.0);
  for (std::size_t row = 0; row < correct.size(); row += models) {
    for (std::size_t a = 0; a < models; ++a) {
      for (std::size_t b = 0; b < models; ++b) {
        matrix[a * models + b] += correct[row + a] != 0 && correct[row + b] == 0 ? 1.0 : 0.0;
      }
    }
  }
  for (double& share : matrix) share /= static_cast<double>(table.size());
  return matrix;
}

std::vector<ClassStatistics> by_class(const OutcomeTable& table, const Decisions& decisions) {
  const auto labels = table.labels();
  const auto correct = decisions.quality(table);
  std::vector<ClassStatistics> classes(static_cast<std::size_t>(table.class_count()));
  for (std::size_t i = 0; i < correct.size(); ++i) {
    auto& group = classes[static_cast<std::size_t>(labels[i])];
    ++group.inputs;
    group.accuracy += correct[i];
  }
  for (auto& group : classes) {
    if (group.inputs > 0) group.accuracy /= static_cast<double>(group.inputs);
  }
  return classes;
}

std::vector<HardnessLevel> by_hardness(const OutcomeTable& table, const Decisions& decisions) {
  const auto models = static_cast<std::size_t>(table.model_count());
  const auto hardness = input_hardness(table);
  const auto correct = decisions.quality(table);
  std::vector<HardnessLevel> levels(models + 1, {0, 0.0, std::vector<double>(models, 0.0)});
  for (std::size_t i = 0; i < correct.size(); ++i) {
    auto& level = levels[static_cast<std::size_t>(hardness[i])];
    ++level.inputs;
    level.accuracy += correct[i];
    for (const std::size_t model : models_of(decisions.called[i]))
      level.called_shares[model] += 1.0;
  }
  for (auto& level : levels) {
    if (level.inputs == 0) continue;
    level.accuracy /= static_cast<double>(level.inputs);
    for (double& share : level.called_shares) share /= static_cast<double>(level.inputs);
  }
  return levels;
}

}  // namespace muxnet
