#include "muxnet/policies/logistic.hpp"

#include <Eigen/Cholesky>
#include <cmath>

namespace muxnet {
namespace {

constexpr int most_steps = 25;
constexpr double small_enough = 1e-8;  // of the loss, relative

/// log(1 + exp(z)) without overflow.
double softplus(double z) { return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))); }

double loss(const Eigen::VectorXd& z, const Eigen::VectorXd& y, const Eigen::VectorXd& weights,
            double ridge, const Eigen::VectorXd& b) {
  double sum = 0.5 * ridge * b.head(b.size() - 1).squaredNorm();
  for (Eigen::Index i = 0; i < z.size(); ++i) sum += weights[i] * (softplus(z[i]) - y[i] * z[i]);
  return sum;
}

}  // namespace

Eigen::VectorXd fit_logistic(const Eigen::MatrixXd& x, const Eigen::VectorXd& y,
                             const Eigen::VectorXd& weights, double ridge, Eigen::VectorXd start) {
  Eigen::VectorXd b = std::move(start);
  Eigen::VectorXd penalty = Eigen::VectorXd::Constant(b.size(), ridge);
  penalty[b.size() - 1] = 1e-9;  // keeps the system regular where all rows are alike
  Eigen::VectorXd z = x * b;
  double now = loss(z, y, weights, ridge, b);
  for (int step = 0; step < most_steps; ++step) {
    const Eigen::VectorXd p = (1.0 + (-z.array()).exp()).inverse();
    const Eigen::VectorXd curvature = weights.array() * p.array() * (1.0 - p.array());
    const Eigen::VectorXd gradient =
        x.transpose() * (weights.array() * (p - y).array()).matrix() + penalty.cwiseProduct(b);
    // Symmetric: one half is enough for ldlt(), and is half the work.
    const Eigen::MatrixXd weighted = curvature.cwiseSqrt().asDiagonal() * x;
    Eigen::MatrixXd hessian = penalty.asDiagonal();
    hessian.selfadjointView<Eigen::Lower>().rankUpdate(weighted.transpose());
    const Eigen::VectorXd direction = hessian.ldlt().solve(gradient);
    const Eigen::VectorXd slope = x * direction;
    double size = 1.0;
    double next = now;
    do {  // Newton's step may go too far where the loss is flat
      next = loss(z - size * slope, y, weights, ridge, b - size * direction);
      if (next <= now) break;
      size *= 0.5;
    } while (size > 1e-6);
    if (!(next <= now)) return b;
    b -= size * direction;
    z -= size * slope;
    const bool done = now - next <= small_enough * now;
    now = next;
    if (done) break;
  }
  return b;
}

}  // namespace muxnet
