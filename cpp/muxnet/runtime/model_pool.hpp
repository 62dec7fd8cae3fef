#pragma once

#include <memory>
#include <string>
#include <vector>

#include "muxnet/networks/model.hpp"
#include "muxnet/networks/predictor.hpp"

namespace muxnet {

/// N models that answer the same question, ready to run. Not safe for two threads at once.
class ModelPool {
 public:
  /// Throws std::invalid_argument: no models, one name twice, inputs or classes that differ.
  explicit ModelPool(std::vector<std::shared_ptr<Model>> models);

  std::size_t size() const { return models_.size(); }
  std::int64_t classes() const;
  /// (1, c, h, w).
  const Shape& input_shape() const;
  std::vector<std::string> names() const;
  /// (N), multiply-accumulates for one input.
  std::vector<double> macs() const;
  Model& model(std::size_t index) const { return *models_.at(index); }

  /// Class probabilities f32 (n, K) of one model for normalised images f32 (n, c, h, w).
  Tensor probabilities(std::size_t index, const Tensor& images);

 private:
  std::vector<std::shared_ptr<Model>> models_;
  std::vector<Predictor> predictors_;
};

}  // namespace muxnet
