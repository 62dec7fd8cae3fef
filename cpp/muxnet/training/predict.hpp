#pragma once

#include <map>
#include <string>
#include <vector>

#include "muxnet/core/tensor.hpp"
#include "muxnet/graph/plan.hpp"
#include "muxnet/training/model.hpp"

namespace muxnet {

/// A model ready to answer for any number of images: its inference plan, run batch by batch. Sees
/// changes of the model's weights; the model must outlive it. Not safe for two threads at once.
class Predictor {
 public:
  explicit Predictor(Model& model, std::int64_t batch = 128);

  /// The named outputs for normalised images f32 (n, c, h, w), each of shape (n, ...). Throws
  /// std::invalid_argument on images of another shape, std::out_of_range on unknown outputs.
  std::map<std::string, Tensor> outputs(const Tensor& images,
                                        const std::vector<std::string>& names);

  /// softmax(logits), f32 (n, K). Throws as outputs().
  Tensor probabilities(const Tensor& images);

 private:
  Model& model_;
  Plan plan_;
  Tensor padded_;  ///< a last, smaller batch is filled up with zeros
};

}  // namespace muxnet
