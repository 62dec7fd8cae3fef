#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "muxnet/core/random.hpp"
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

/// Every loss by name; what is in it is gradient-checked without touching a test.
class LossRegistry {
 public:
  /// Throws std::invalid_argument when the name is taken.
  void add(LossEntry entry);
  const std::vector<LossEntry>& entries() const { return entries_; }
  /// Throws std::invalid_argument that lists the known names.
  const LossEntry& find(std::string_view name) const;

 private:
  std::vector<LossEntry> entries_;
};

/// All losses of muxnet.
const LossRegistry& loss_registry();

}  // namespace muxnet
