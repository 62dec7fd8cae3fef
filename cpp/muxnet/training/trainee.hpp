#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "muxnet/core/tensor.hpp"
#include "muxnet/networks/model.hpp"
#include "muxnet/optim/optimizer.hpp"

namespace muxnet {

/// A model in training, with its optimizer. The model must outlive it.
class Trainee {
 public:
  /// `factor`: times the schedule's learning rate. Throws as make_optimizer.
  Trainee(Model& model, const OptimizerOptions& options, double factor);

  const std::string& name() const { return model_->name; }

  /// One optimizer step from the model's gradients, clipped to `clip_norm` where above 0. Returns
  /// their norm (0 where not clipped); when it is not finite the weights stay as they are.
  double update(double learning_rate, double clip_norm);

  /// Adds NAME/weights/... and NAME/optimizer/...; the weights share the model's memory.
  void collect(std::map<std::string, Tensor>& tensors) const;
  /// Takes its own part of what collect() gave. Throws std::invalid_argument.
  void restore(const std::map<std::string, Tensor>& tensors);

 private:
  Model* model_;
  double factor_;
  std::unique_ptr<Optimizer> optimizer_;
  std::vector<Segment> segments_;
};

}  // namespace muxnet
