#pragma once

#include <Eigen/Core>

namespace muxnet {

/// Logistic regression by Newton's method: minimises
///   sum_i w_i log(1 + exp(-t_i x_i b)) + ridge / 2 |b|^2, t_i = 2 y_i - 1,
/// over b, the last column of x being the constant 1 whose coefficient is not penalised. `y` in
/// {0, 1}, `weights` at least 0 (0 leaves a row out). Starts from `start`.
Eigen::VectorXd fit_logistic(const Eigen::MatrixXd& x, const Eigen::VectorXd& y,
                             const Eigen::VectorXd& weights, double ridge, Eigen::VectorXd start);

}  // namespace muxnet
