#include "muxnet/training/platt_scaling.hpp"

#include <cmath>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/networks/predictor.hpp"
#include "muxnet/training/metrics.hpp"

namespace muxnet {
namespace {

constexpr int most_steps = 50;

/// Targets for right and wrong inputs, which no finite score has to reach.
struct Targets {
  double right, wrong;
};

Targets targets_of(std::span<const std::uint8_t> right) {
  double count = 0;
  for (const std::uint8_t one : right) count += one;
  const double wrong = static_cast<double>(right.size()) - count;
  return {(count + 1) / (count + 2), 1 / (wrong + 2)};
}

/// Sum of -t log p - (1 - t) log(1 - p), p = sigmoid(shift + slope * score).
double loss(const PlattScaling& at, std::span<const float> scores,
            std::span<const std::uint8_t> right, const Targets& targets) {
  double sum = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const double z = at.shift + at.slope * scores[i];
    const double target = right[i] != 0 ? targets.right : targets.wrong;
    sum += std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))) - target * z;
  }
  return sum;
}

/// Where Newton's step leads to.
PlattScaling step_from(const PlattScaling& at, std::span<const float> scores,
                       std::span<const std::uint8_t> right, const Targets& targets) {
  double g0 = 0, g1 = 0, h00 = 1e-9, h01 = 0, h11 = 1e-9;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const double p = 1 / (1 + std::exp(-(at.shift + at.slope * scores[i])));
    const double error = p - (right[i] != 0 ? targets.right : targets.wrong);
    const double weight = p * (1 - p), score = scores[i];
    g0 += error;
    g1 += error * score;
    h00 += weight;
    h01 += weight * score;
    h11 += weight * score * score;
  }
  const double determinant = h00 * h11 - h01 * h01;
  return {at.shift - (h11 * g0 - h01 * g1) / determinant,
          at.slope - (h00 * g1 - h01 * g0) / determinant};
}

}  // namespace

PlattScaling fit_platt_scaling(std::span<const float> scores, std::span<const std::uint8_t> right) {
  require(!scores.empty() && scores.size() == right.size(), "calibration",
          "as many scores as answers, at least one", text(scores.size(), " and ", right.size()));
  const Targets targets = targets_of(right);
  double mean = 0;
  for (const std::uint8_t one : right) mean += one != 0 ? targets.right : targets.wrong;
  mean /= static_cast<double>(right.size());
  const PlattScaling blind{std::log(mean / (1 - mean)), 0};
  PlattScaling now = blind;
  double lowest = loss(now, scores, right, targets);
  for (int step = 0; step < most_steps; ++step) {
    PlattScaling next = step_from(now, scores, right, targets);
    double reached = loss(next, scores, right, targets);
    for (int halving = 0; halving < 20 && !(reached <= lowest); ++halving) {
      next = {0.5 * (now.shift + next.shift), 0.5 * (now.slope + next.slope)};
      reached = loss(next, scores, right, targets);
    }
    if (!(reached < lowest * (1 - 1e-12))) break;
    lowest = reached;
    now = next;
  }
  return now.slope > 0 ? now : blind;
}

void scale_own_scores(Model& multiplexer, const FrozenOutputs& outputs) {
  const std::int64_t n = outputs.inputs();
  scale_scores(multiplexer, Predictor(multiplexer).output(outputs.images.rows(0, n), "scores"),
               correctness(outputs.probabilities.rows(0, n), outputs.labels.rows(0, n)));
}

Tensor scale_scores(Model& multiplexer, const Tensor& scores, const Tensor& correct) {
  const std::int64_t n = correct.dim(0), models = correct.dim(1);
  Tensor weight = multiplexer.parameters.value("v.weight");
  Tensor bias = multiplexer.parameters.value("v.bias");
  require(scores.shape() == correct.shape() && bias.size() == models, "scale_scores",
          text(models, " scores"), text(to_string(scores.shape()), " and ", bias.size()));
  const std::int64_t width = weight.dim(1);
  Tensor scaled = scores.clone();
  std::vector<float> own(static_cast<std::size_t>(n));
  std::vector<std::uint8_t> right(static_cast<std::size_t>(n));
  for (std::int64_t m = 0; m < models; ++m) {
    for (std::int64_t row = 0; row < n; ++row) {
      own[static_cast<std::size_t>(row)] = scores.data<float>()[row * models + m];
      right[static_cast<std::size_t>(row)] = correct.data<std::uint8_t>()[row * models + m];
    }
    const PlattScaling found = fit_platt_scaling(own, right);
    const auto apply = [&found](float score) {
      return static_cast<float>(found.shift + found.slope * score);
    };
    for (std::int64_t row = 0; row < n; ++row) {
      float& score = scaled.data<float>()[row * models + m];
      score = apply(score);
    }
    float* const row = weight.data<float>() + m * width;
    for (std::int64_t k = 0; k < width; ++k) row[k] *= static_cast<float>(found.slope);
    float& offset = bias.data<float>()[m];
    offset = apply(offset);
  }
  multiplexer.parameters.changed();
  return scaled;
}

}  // namespace muxnet
