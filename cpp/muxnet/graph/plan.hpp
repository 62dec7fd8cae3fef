#pragma once

#include <map>
#include <memory>
#include <string>

#include "muxnet/core/tensor.hpp"
#include "muxnet/graph/graph.hpp"
#include "muxnet/graph/inference_weights.hpp"
#include "muxnet/graph/mode.hpp"
#include "muxnet/graph/parameters.hpp"
#include "muxnet/graph/quantization.hpp"
#include "muxnet/ops/kernel.hpp"

namespace muxnet {

struct PlanOptions {
  std::int64_t batch = 1;
  Mode mode = Mode::infer;
  Backend backend = Backend::best;  ///< reference where the one asked for cannot do an operator
  Precision precision = Precision::full;
  Ranges ranges = {};  ///< of int8: where a value's is missing, what reads it stays in float
};

/// A graph compiled for one batch size, mode and the dtype of its parameters: kernels chosen,
/// layouts agreed, buffers planned once; running it allocates nothing. An inference plan folds
/// batch norm, additions and ReLU into convolutions; it reads the parameters anew
/// whenever their version has changed. Not safe for two threads at once.
class Plan {
 public:
  /// Keeps a reference to `parameters`, which must outlive the plan. Throws std::invalid_argument
  /// on bf16 where supports_bf16() is false, and on int8 where supports_int8() is, without ranges,
  /// and in train mode.
  Plan(const Graph& graph, Parameters& parameters, const PlanOptions& options);
  /// An inference plan that shares `weights` with others. Throws as the other.
  Plan(std::shared_ptr<InferenceWeights> weights, const PlanOptions& options);
  ~Plan();
  Plan(Plan&&) noexcept;
  Plan& operator=(Plan&&) noexcept;

  std::int64_t batch() const;

  /// Runs the graph on images of shape (batch, c, h, w), plain NCHW, dtype of the parameters.
  /// `seed` names the dropout masks of this pass. Throws std::invalid_argument for other shapes.
  void forward(const Tensor& images, std::uint64_t seed = 0);

  /// The named output of the last forward, plain layout, shape (batch, ...), sharing the plan's
  /// memory: valid until the next forward. Throws std::invalid_argument.
  Tensor output(const std::string& name) const;

  /// Backward from gradients of some outputs (same shapes as output()); outputs left out count
  /// as zero. Overwrites parameters.gradients(). Follows a forward, each time, because gradients
  /// take the place of activations; train mode only. Throws std::invalid_argument.
  void backward(const std::map<std::string, Tensor>& diff_outputs);

  /// Bytes of all buffers that the plan owns.
  std::size_t memory_bytes() const;

  /// One line per step: operator, kernel implementation, layouts, bytes.
  std::string describe() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace muxnet
