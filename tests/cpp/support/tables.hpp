#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "muxnet/core/random.hpp"
#include "muxnet/routing/outcome_table.hpp"
#include "support/errors.hpp"

namespace muxnet::testing {

inline void expect_text(const std::string& text, const std::vector<std::string>& parts) {
  for (const auto& part : parts) {
    EXPECT_NE(text.find(part), std::string::npos) << "no '" << part << "' in: " << text;
  }
}

/// Two classes; p[row][model] is the probability of class 1.
inline OutcomeFields two_class_fields(const std::vector<std::vector<float>>& p,
                                      const std::vector<std::int32_t>& labels,
                                      const std::vector<double>& macs,
                                      const std::string& split = "held_out") {
  OutcomeFields fields;
  const auto n = static_cast<std::int64_t>(p.size());
  const auto models = static_cast<std::int64_t>(macs.size());
  std::vector<float> probabilities;
  for (const auto& row : p) {
    for (const float value : row) probabilities.insert(probabilities.end(), {1 - value, value});
  }
  for (std::int64_t i = 0; i < models; ++i) fields.models.push_back("m" + std::to_string(i));
  fields.probabilities = Tensor::from(probabilities, {n, models, 2});
  fields.labels = Tensor::from(labels, {n});
  fields.costs["macs"] = macs;
  fields.split = split;
  return fields;
}

struct RandomTableOptions {
  std::int64_t inputs = 400;
  std::int64_t models = 4;
  std::int64_t classes = 5;
  std::string split = "held_out";
  bool with_router = true;
};

/// Dearer models are right more often; the router's scores lean towards the truth, two of three
/// features tell how hard an input is.
inline OutcomeTable random_table(std::uint64_t seed, const RandomTableOptions& options = {}) {
  Random random(seed);
  const auto n = options.inputs, models = options.models, classes = options.classes;
  OutcomeFields fields;
  fields.probabilities = Tensor({n, models, classes});
  fields.labels = Tensor({n}, DType::i32);
  fields.weights = Tensor({n, models});
  fields.scores = Tensor({n, models});
  fields.offload_score = Tensor({n});
  fields.features = Tensor({n, 3});
  auto* p = fields.probabilities.data<float>();
  for (std::int64_t row = 0; row < n; ++row) {
    const auto label = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(classes)));
    fields.labels.data<std::int32_t>()[row] = static_cast<std::int32_t>(label);
    fields.offload_score.data<float>()[row] = static_cast<float>(random.uniform());
    const double hard = random.normal();
    auto* features = fields.features.data<float>() + 3 * row;
    for (int f = 0; f < 3; ++f) features[f] = static_cast<float>(hard * f + random.normal());
    double weight_sum = 0;
    for (std::int64_t i = 0; i < models; ++i, p += classes) {
      const double skill = 0.5 + 0.6 * static_cast<double>(i) - hard;
      double sum = 0;
      for (std::int64_t k = 0; k < classes; ++k) {
        p[k] = static_cast<float>(std::exp(random.normal() + (k == label ? skill : 0.0)));
        sum += p[k];
      }
      for (std::int64_t k = 0; k < classes; ++k) p[k] /= static_cast<float>(sum);
      const bool right = std::max_element(p, p + classes) - p == label;
      const double score = (right ? 1.5 : -1.5) + random.normal();
      fields.scores.data<float>()[row * models + i] = static_cast<float>(score);
      fields.weights.data<float>()[row * models + i] = static_cast<float>(std::exp(score));
      weight_sum += std::exp(score);
    }
    for (std::int64_t i = 0; i < models; ++i) {
      fields.weights.data<float>()[row * models + i] /= static_cast<float>(weight_sum);
    }
  }
  for (std::int64_t i = 0; i < models; ++i) {
    fields.models.push_back("model" + std::to_string(i));
    fields.costs["macs"].push_back(std::pow(4.0, static_cast<double>(i)));
    fields.costs["latency_ms"].push_back(1.0 + static_cast<double>(i));
  }
  fields.multiplexer_costs = {{"macs", 0.25}, {"latency_ms", 0.125}};
  if (!options.with_router) {
    fields.weights = fields.scores = fields.offload_score = fields.features = Tensor();
    fields.multiplexer_costs.clear();
  }
  fields.split = options.split;
  return OutcomeTable(std::move(fields));
}

struct AnswerTableOptions {
  std::int64_t inputs = 600;
  std::int64_t models = 3;
  std::int64_t classes = 5;
  std::string split = "held_out";
  bool quality = false;  ///< in place of labels
};

/// Answers with scores of a range of each model's own; dearer models are right more often, and a
/// higher score more often means right.
inline OutcomeTable answer_table(std::uint64_t seed, const AnswerTableOptions& options = {}) {
  Random random(seed);
  const auto n = options.inputs, models = options.models;
  const auto classes = static_cast<std::uint64_t>(options.classes);
  OutcomeFields fields;
  fields.classes = options.classes;
  fields.predictions = Tensor({n, models}, DType::i32);
  fields.answer_scores = Tensor({n, models, 1});
  fields.score_kinds = {"score"};
  fields.labels = Tensor({n}, DType::i32);
  Tensor quality({n, models});
  for (std::int64_t row = 0; row < n; ++row) {
    const auto label = static_cast<std::int32_t>(random.below(classes));
    fields.labels.data<std::int32_t>()[row] = label;
    const double hard = random.normal();
    for (std::int64_t i = 0; i < models; ++i) {
      const double surety = 0.3 + 0.7 * static_cast<double>(i) - hard + random.normal();
      const bool right = random.uniform() < 1 / (1 + std::exp(-2 * surety));
      const auto other = static_cast<std::int32_t>(random.below(classes - 1));
      const std::int64_t cell = row * models + i;
      fields.predictions.data<std::int32_t>()[cell] =
          right ? label : (other + label + 1) % static_cast<std::int32_t>(classes);
      fields.answer_scores.data<float>()[cell] =
          static_cast<float>(100 * static_cast<double>(i) + 10 * surety);
      quality.data<float>()[cell] = right ? 1.0F : 0.25F;
    }
  }
  for (std::int64_t i = 0; i < models; ++i) {
    fields.models.push_back("model" + std::to_string(i));
    fields.costs["usd"].push_back(std::pow(4.0, static_cast<double>(i)));
  }
  if (options.quality) {
    fields.quality = quality;
    fields.labels = Tensor();
  }
  fields.split = options.split;
  return OutcomeTable(std::move(fields));
}

}  // namespace muxnet::testing
