#pragma once

#include <string>

#include "muxnet/protocol/inference_protocol.hpp"

namespace muxnet {

/// The model in the cloud and how images are sent to it.
struct EndpointOptions {
  std::string model;            ///< its name on the server
  std::string version;          ///< empty: the server's choice
  std::string input;            ///< empty: the first whose datatype fits the payload
  std::string output;           ///< empty: "probabilities", else the first of FP32 or FP64
  bool logits = false;          ///< the output's softmax is the answer
  std::string payload = "raw";  ///< pixels as they are (UINT8) or normalised (FP32); "png", "jpeg"
  int jpeg_quality = 90;        ///< 1 to 100
};

/// Where requests go, settled against what the server says of its model.
struct Endpoint {
  TensorSpec input;
  std::string output;
};

/// Chooses among the inputs and outputs that `metadata` lists; an error value where none fits
/// `payload` and one image (1, c, h, w).
Checked<Endpoint> settle(const EndpointOptions& options, const ModelMetadata& metadata,
                         const Shape& image_shape);

/// One image as the endpoint takes it. Throws std::invalid_argument where pixels have to be u8 and
/// are not.
InferInput make_input(const EndpointOptions& options, const Endpoint& endpoint, const Tensor& image,
                      const Tensor& prepared);

}  // namespace muxnet
