#include "muxnet/policies/experts.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace muxnet {

void multiply(const Evidence& evidence, std::span<const std::size_t> models,
              std::span<const double> exponents, Experts& experts) {
  thread_local std::vector<Distribution> said;
  said.clear();
  for (const std::size_t model : models) said.push_back(evidence.distribution(model));
  Mixture& joint = experts.joint;
  list_classes(said, joint.classes);
  joint.count = evidence.classes;
  joint.values.assign(joint.classes.empty() ? joint.count : joint.classes.size(), 0.0F);
  joint.other = 0;
  experts.logarithms.resize(models.size());
  experts.other.resize(models.size());
  for (std::size_t m = 0; m < models.size(); ++m) {
    auto& own = experts.logarithms[m];
    values_of(said[m], joint.classes, own);
    const auto exponent = static_cast<float>(exponents[m]);
    for (std::size_t i = 0; i < own.size(); ++i) {
      own[i] = std::log(std::max(own[i], smallest_probability));
      joint.values[i] += exponent * own[i];
    }
    experts.other[m] = std::log(std::max(said[m].other(), smallest_probability));
    joint.other += exponent * experts.other[m];
  }
  const float highest = joint.values[joint.top()];
  float sum = 0;
  for (float& value : joint.values) sum += value = std::exp(value - highest);
  joint.other = joint.others() > 0 ? std::exp(joint.other - highest) : 0;
  sum += joint.other * static_cast<float>(joint.others());
  for (float& value : joint.values) value /= sum;
  joint.other /= sum;
}

namespace {

constexpr int exponent_steps = 12;
constexpr std::size_t enough_cells = 4'000'000;  // rows times classes, for a few exponents

/// Those of -log p(label) in the exponents.
void add_derivatives(const Experts& experts, std::int32_t label, Eigen::VectorXd& gradient,
                     Eigen::MatrixXd& curvature) {
  const auto count = gradient.size();
  const Mixture& joint = experts.joint;
  Eigen::VectorXd mean = Eigen::VectorXd::Zero(count), logs(count);
  Eigen::MatrixXd second = Eigen::MatrixXd::Zero(count, count);
  bool listed = false;
  const auto add = [&](float p, bool is_label) {
    mean += p * logs;
    second += p * logs * logs.transpose();
    if (is_label) gradient -= logs;
    listed = listed || is_label;
  };
  for (std::size_t i = 0; i < joint.values.size(); ++i) {
    for (Eigen::Index m = 0; m < count; ++m) {
      logs[m] = experts.logarithms[static_cast<std::size_t>(m)][i];
    }
    add(joint.values[i], joint.class_at(i) == label);
  }
  if (joint.others() > 0) {
    for (Eigen::Index m = 0; m < count; ++m) logs[m] = experts.other[static_cast<std::size_t>(m)];
    add(joint.other * static_cast<float>(joint.others()), !listed);
  }
  gradient += mean;
  curvature += second - mean * mean.transpose();
}

}  // namespace

/// Newton's method on sum_i -log p(y_i); the gradient of one term in w_m is
/// E_p[log p_m] - log p_m(y), its curvature the covariance of the log p_m under p.
std::vector<double> fit_exponents(const OutcomeTable& table, std::span<const std::size_t> models) {
  const auto labels = table.labels();
  const auto count = static_cast<Eigen::Index>(models.size());
  const OutcomeRows rows(table);
  const bool dense = table.fields().top_classes.empty();
  const std::size_t cells =
      dense ? static_cast<std::size_t>(table.class_count()) : models.size() * kept_classes;
  const std::size_t stride = labels.size() * cells / enough_cells + 1;
  Experts experts;
  std::vector<double> exponents(models.size(), 1.0 / static_cast<double>(models.size()));
  for (int step = 0; step < exponent_steps; ++step) {
    Eigen::VectorXd gradient = Eigen::VectorXd::Zero(count);
    Eigen::MatrixXd curvature = Eigen::MatrixXd::Identity(count, count) * 1e-6;
    for (std::size_t row = 0; row < labels.size(); row += stride) {
      multiply(rows.at(row), models, exponents, experts);
      add_derivatives(experts, labels[row], gradient, curvature);
    }
    const Eigen::VectorXd change = curvature.ldlt().solve(gradient);
    for (Eigen::Index m = 0; m < count; ++m) {
      double& exponent = exponents[static_cast<std::size_t>(m)];
      exponent = std::clamp(exponent - change[m], 0.0, 4.0);
    }
    if (change.norm() < 1e-4) break;
  }
  // All at nothing would answer at random.
  if (std::accumulate(exponents.begin(), exponents.end(), 0.0) < 1e-3) {
    std::fill(exponents.begin(), exponents.end(), 1.0);
  }
  return exponents;
}

}  // namespace muxnet
