#pragma once

#include <Eigen/Core>
#include <vector>

#include "muxnet/routing/input_groups.hpp"

namespace muxnet {

/// A regression on all rows, what those that left a row out say of it, and their log loss.
struct CrossFit {
  Eigen::VectorXd coefficients;
  std::vector<double> confidences;
  double loss = 0;
};

/// Logistic regression (fit_logistic) in five folds, which keep groups together.
CrossFit cross_fit(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, const InputGroups& groups,
                   double ridge);

}  // namespace muxnet
