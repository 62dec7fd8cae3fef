#pragma once

#include <memory>
#include <string>
#include <vector>

#include "muxnet/runtime/hosted_model.hpp"

namespace muxnet {

/// N models that answer the same question, ready to run. Threads may call it at once.
class ModelPool {
 public:
  /// Throws std::invalid_argument: no models, one name twice, classes that differ; what opening a
  /// model throws.
  explicit ModelPool(std::vector<HostedModel> models);

  std::size_t size() const { return models_.size(); }
  std::int64_t classes() const { return models_.front().classes; }
  /// (1, c, h, w), of one model.
  const Shape& input_shape(std::size_t index) const { return models_.at(index).image_shape; }
  /// (N), in their order.
  std::vector<std::string> names() const;
  /// (N), of one input.
  std::vector<double> costs() const;

  /// Class probabilities f32 (n, K) of one model for images f32 (n, c, h, w), normalised as it
  /// wants them.
  Tensor probabilities(std::size_t index, const Tensor& images) const;
  /// The same with its embedding, as Classifier::answer_embedded().
  EmbeddedAnswers answer_embedded(std::size_t index, const Tensor& images) const;
  /// The same without waiting, as Classifier::begin().
  void begin(std::size_t index, const Tensor& images, double within_ms,
             const Classifier::Done& done) const;

 private:
  std::vector<HostedModel> models_;
  std::vector<std::unique_ptr<Classifier>> classifiers_;
};

}  // namespace muxnet
