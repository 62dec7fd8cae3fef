#include "muxnet/policies/cross_fit.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "muxnet/core/random.hpp"
#include "muxnet/core/sigmoid.hpp"
#include "muxnet/policies/logistic.hpp"

namespace muxnet {
namespace {

constexpr std::uint64_t folds = 5;
constexpr double smallest = 1e-6;  // a probability of 0 has no logarithm

std::vector<std::uint64_t> folds_of(const InputGroups& groups) {
  Random random(0xF01D);
  std::vector<std::uint64_t> drawn(groups.count());
  for (auto& fold : drawn) fold = random.below(folds);
  std::vector<std::uint64_t> result(groups.inputs());
  for (std::size_t row = 0; row < result.size(); ++row) result[row] = drawn[groups[row]];
  return result;
}

}  // namespace

CrossFit cross_fit(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, const InputGroups& groups,
                   double ridge) {
  const Eigen::VectorXd everyone = Eigen::VectorXd::Ones(x.rows());
  CrossFit result;
  result.coefficients = fit_logistic(x, y, everyone, ridge, Eigen::VectorXd::Zero(x.cols()));
  const auto fold_of = folds_of(groups);
  result.confidences.resize(fold_of.size());
  for (std::uint64_t fold = 0; fold < folds; ++fold) {
    Eigen::VectorXd others = everyone;
    for (Eigen::Index row = 0; row < x.rows(); ++row) {
      if (fold_of[static_cast<std::size_t>(row)] == fold) others[row] = 0;
    }
    const Eigen::VectorXd without = fit_logistic(x, y, others, ridge, result.coefficients);
    for (Eigen::Index row = 0; row < x.rows(); ++row) {
      const auto at = static_cast<std::size_t>(row);
      if (fold_of[at] != fold) continue;
      const double p = sigmoid(x.row(row).dot(without));
      result.confidences[at] = p;
      const auto cost = [](double q) { return -std::log(std::max(q, smallest)); };
      result.loss += y[row] * cost(p) + (1 - y[row]) * cost(1 - p);
    }
  }
  return result;
}

}  // namespace muxnet
