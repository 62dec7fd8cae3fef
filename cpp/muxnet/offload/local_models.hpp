#pragma once

#include <memory>
#include <utility>

#include "muxnet/runtime/hosted_model.hpp"
#include "muxnet/runtime/run_multiplexer.hpp"

namespace muxnet {

/// What is to be answered.
struct OffloadInput {
  // Not explicit: most inputs are an image and nothing else.
  OffloadInput(Tensor picture, Tensor vector = {})
      : image(std::move(picture)), features(std::move(vector)) {}

  Tensor image;     ///< raw, u8 or f32 (1, c, h, w)
  Tensor features;  ///< f32 (1, d), for a multiplexer that looks at vectors; else empty
};

/// What the device runs itself, for one input at a time. Threads may call it at once.
class LocalModels {
 public:
  virtual ~LocalModels() = default;
  /// How the small model is shown images, and its classes.
  virtual const HostedModel& small() const = 0;
  /// An input on which nothing is to be seen, in the small model's size.
  virtual OffloadInput blank() const = 0;
  /// Throws std::invalid_argument for what one of the two cannot be shown.
  virtual void check(const OffloadInput& input) const = 0;
  /// The multiplexer's output in [0, 1]: 0 = device, 1 = cloud.
  virtual double score(const OffloadInput& input) = 0;
  /// The small model's answer, f32 (1, K).
  virtual Tensor probabilities(const OffloadInput& input) = 0;
};

/// A trained multiplexer with the output "offload", and the device's model, whatever runs it here.
/// Images may have any size where both say what becomes of them, else the model's. Throws
/// std::invalid_argument without that output, for a model that runs elsewhere, or when the two do
/// not take the same images; and what opening the model throws.
std::unique_ptr<LocalModels> make_local_models(Multiplexer multiplexer, HostedModel small);

}  // namespace muxnet
