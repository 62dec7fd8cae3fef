#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

#include "muxnet/core/tensor.hpp"

namespace muxnet {

/// Softmax over the last axis: y_k = exp(x_k - max x) / sum_j exp(x_j - max x).
///
/// x: f32 or f64, at least one axis; the result has its shape and dtype. Throws
/// std::invalid_argument on another dtype or an empty last axis.
Tensor softmax(const Tensor& logits);

/// Whether each model's largest logit is the label's: u8 (B, N), 1 where right.
///
/// logits: N tensors (B, K) of f32 or f64; labels: i32 (B). The first of equal logits counts.
/// Throws std::invalid_argument on shapes that do not fit or labels outside [0, K).
Tensor correct_predictions(std::span<const Tensor> logits, const Tensor& labels);

namespace losses {

/// The logarithm of softmax(scale * row) without overflow, element by element.
class LogSoftmax {
 public:
  template <class T>
  LogSoftmax(const T* row, std::int64_t count, double scale = 1)
      : scale_(scale), top_(scale * static_cast<double>(*std::max_element(row, row + count))) {
    double sum = 0;
    for (std::int64_t k = 0; k < count; ++k) {
      sum += std::exp(scale * static_cast<double>(row[k]) - top_);
    }
    log_sum_ = std::log(sum);
  }

  double operator()(double x) const {
    // Not x - (top + log_sum): that sum would lose log_sum beside a huge top.
    return scale_ * x - top_ - log_sum_;
  }

 private:
  double scale_;
  double top_;
  double log_sum_ = 0;
};

}  // namespace losses
}  // namespace muxnet
