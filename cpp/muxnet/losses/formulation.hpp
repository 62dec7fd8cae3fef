#pragma once

#include "muxnet/core/tensor.hpp"

namespace muxnet {

/// Which reading of the paper's equations (arXiv 2001.05870v2) to compute: `paper` as printed, made
/// computable with the least change; `bounded` the repaired one.
enum class Formulation { paper, bounded };

/// A loss and its gradient: `diff` has the shape and dtype of the differentiated input.
struct LossValue {
  double value = 0;
  Tensor diff;
};

}  // namespace muxnet
