#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "muxnet/core/register.hpp"
#include "muxnet/core/tensor.hpp"
#include "muxnet/optim/entries.hpp"

namespace muxnet {

/// Values [begin, end) of the flat buffer that are trained; `decay` says whether weight decay
/// applies to them (weights of convolutions and linear layers, not biases and batch norm).
struct Segment {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  bool decay = true;
};

/// Updates one flat buffer of values from one flat buffer of gradients in a single pass.
///
/// Every optimizer implements two methods, init and apply. The result does not depend on the number
/// of threads.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// Starts afresh for `size` values, all state zero. Throws std::invalid_argument when negative.
  virtual void init(std::int64_t size) = 0;

  /// One step. Values outside all segments stay as they are. Throws std::invalid_argument unless
  /// values and gradients have the size of init, segments are in order, disjoint and within it, and
  /// the learning rate is finite and at least 0.
  virtual void apply(std::span<float> values, std::span<const float> gradients,
                     std::span<const Segment> segments, double learning_rate) = 0;

  /// A copy of all that a checkpoint needs to go on to the same bits: "step", i64 (1), and one f32
  /// (size) for each number kept per value.
  std::map<std::string, Tensor> state() const;

  /// Takes over what state() gave. Throws std::invalid_argument when a name, dtype or shape is not
  /// this optimizer's own.
  void load_state(const std::map<std::string, Tensor>& state);

  /// Steps done since init.
  std::int64_t step() const { return step_; }

 protected:
  Optimizer() = default;
  Optimizer(const Optimizer&) = default;
  Optimizer& operator=(const Optimizer&) = default;

  /// For init: zeroed buffers of these names.
  void reset(std::int64_t size, std::span<const std::string_view> names);
  /// For apply: checks its arguments and counts the step.
  void begin_step(std::span<float> values, std::span<const float> gradients,
                  std::span<const Segment> segments, double learning_rate);
  float* buffer(std::string_view name) { return buffers_.find(name)->second.data<float>(); }
  std::int64_t size() const { return size_; }

 private:
  std::int64_t size_ = 0;
  std::int64_t step_ = 0;
  std::map<std::string, Tensor, std::less<>> buffers_;
};

/// All optimizers' settings; each takes its own and ignores the others'.
struct OptimizerOptions {
  std::string name = "sgd";  ///< one of optimizers()
  double weight_decay = 0;   ///< share of each weight taken off in a step, times the learning rate
  double momentum = 0.9;     ///< sgd
  bool nesterov = true;      ///< sgd
  double beta1 = 0.9;        ///< adamw
  double beta2 = 0.999;      ///< adamw
  double eps = 1e-8;         ///< adamw
};

/// A way to follow gradients.
struct OptimizerEntry {
  std::string name;   ///< by which it is chosen
  std::string title;  ///< what it is, for people
  std::function<std::unique_ptr<Optimizer>(const OptimizerOptions&)> make;
};
using OptimizerRegister = Register<OptimizerEntry>;

/// All optimizers.
OptimizerRegister& optimizers();

/// NAME.cpp has add_NAME.
OptimizerRegister::Adder MUXNET_OPTIM_ENTRIES;

/// The optimizer of that name, init not yet called. Throws std::invalid_argument that lists the
/// known names, or names the bad setting.
std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options);

}  // namespace muxnet
