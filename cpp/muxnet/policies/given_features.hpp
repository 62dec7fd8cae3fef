#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "muxnet/routing/outcome_table.hpp"
#include "muxnet/routing/rule.hpp"

namespace muxnet {

/// What is given beside answers, as columns of a regression: all scores of some models, where each
/// has several kinds of them (where it has one, that is in its calibrated distribution), and up to
/// 64 features of the input, where they came with it and were not computed by a multiplexer.
class GivenFeatures {
 public:
  GivenFeatures(const OutcomeTable& table, std::vector<std::size_t> models);

  nlohmann::json to_json() const;
  /// Throws std::invalid_argument, or what the JSON library throws, on what does not fit.
  GivenFeatures(const nlohmann::json& content, std::vector<std::size_t> models);

  std::size_t count() const { return absent_.size() + features_; }
  /// Writes count() values, a missing score's being the mean of those that are not, and returns the
  /// place behind them. Throws std::invalid_argument for evidence without them.
  double* add(const Evidence& evidence, double* at) const;

 private:
  std::size_t place(std::size_t column) const {
    return models_[column / kinds_] * kinds_ + column % kinds_;
  }

  std::vector<std::size_t> models_;
  std::size_t kinds_;           ///< of scores, of each model; 0: they have one or none
  std::size_t features_;        ///< of the input
  std::vector<double> absent_;  ///< (models x kinds), mean scores
};

}  // namespace muxnet
