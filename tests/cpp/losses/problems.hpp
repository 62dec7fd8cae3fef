#pragma once

#include <functional>
#include <string>
#include <vector>

#include "muxnet/core/random.hpp"
#include "muxnet/core/register.hpp"
#include "muxnet/core/tensor.hpp"

namespace muxnet {

/// A small random problem of one loss: `value` and `gradients` read `inputs` on every call, so that
/// a test may change them in place.
struct LossProblem {
  std::vector<Tensor> inputs;  ///< all that the loss differentiates for
  std::function<double()> value;
  std::function<std::vector<Tensor>()> gradients;  ///< one per input
};

struct LossEntry {
  std::string name;
  std::string equation;  ///< "Eq. 2" of arXiv 2001.05870v2, or where else it comes from
  /// The problem in f32 is the one in f64 rounded, for the same random state.
  std::function<LossProblem(Random&, DType)> problem;
};

/// Every loss, to be gradient-checked.
const Register<LossEntry>& loss_problems();

}  // namespace muxnet
