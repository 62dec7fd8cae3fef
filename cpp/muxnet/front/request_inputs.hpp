#pragma once

#include <memory>
#include <string>
#include <vector>

#include "muxnet/core/tensor.hpp"
#include "muxnet/front/served_models.hpp"
#include "muxnet/protocol/inference_request.hpp"

namespace muxnet {

/// What one request may bring.
struct InputLimits {
  std::int64_t images = 512;
  std::int64_t pixels = 16'000'000;  ///< of an encoded image
};

/// A request with the bytes of its tensors, which stay where they lie.
struct ReceivedRequest {
  InferenceRequest request;
  std::shared_ptr<std::string> body;

  /// Whether its images are made in no time; a few encoded bytes may be a large picture.
  bool quick() const;
};

/// What a request brings in each format of `served`: images u8 or f32 (n, c, h, w), vectors f32
/// (n, d); empty where `name` is not shown it. Throws RequestRefused for other tensors than are
/// wanted, of a wrong datatype, shape or size; pixels for models that want images of different
/// sizes.
std::vector<Tensor> inputs_of(const ReceivedRequest& received, const ServedModels& served,
                              ServedName name, const InputLimits& limits);

}  // namespace muxnet
