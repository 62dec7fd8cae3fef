#pragma once

#include <memory>

#include "muxnet/networks/model.hpp"

namespace muxnet {

/// What the device runs itself, for one image at a time. Threads may call it at once.
class LocalModels {
 public:
  virtual ~LocalModels() = default;
  virtual Shape image_shape() const = 0;  ///< (1, c, h, w)
  virtual std::int64_t classes() const = 0;
  /// The image u8 or f32 (1, c, h, w) as the networks see it: f32, normalised. Throws
  /// std::invalid_argument for another shape, or pixels that check_pixels() refuses.
  virtual Tensor prepare(const Tensor& image) = 0;
  /// The multiplexer's output in [0, 1]: 0 = device, 1 = cloud.
  virtual double score(const Tensor& prepared) = 0;
  /// The small model's answer, f32 (1, K).
  virtual Tensor probabilities(const Tensor& prepared) = 0;
};

/// A trained multiplexer with the output "offload", and the device's model. Throws
/// std::invalid_argument without that output, or when the two see other images.
std::unique_ptr<LocalModels> make_local_models(std::shared_ptr<Model> multiplexer,
                                               std::shared_ptr<Model> small);

}  // namespace muxnet
