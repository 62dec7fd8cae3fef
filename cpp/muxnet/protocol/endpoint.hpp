#pragma once

#include <string>

#include "muxnet/protocol/inference_protocol.hpp"

namespace muxnet {

inline constexpr const char* raw_payload = "raw";
inline constexpr const char* lossless_payload = "png";

/// A model on a server and how images are sent to it.
struct EndpointOptions {
  std::string model;    ///< its name on the server
  std::string version;  ///< empty: the server's choice
  std::string input;    ///< empty: the first that fits the payload
  std::string output;   ///< empty: "probabilities", else the one of scores, or of labels
  bool logits = false;  ///< the output's softmax is the answer
  /// "raw": pixels as they are (UINT8) or normalised (FP32); "png", "jpeg": files; empty: pixels
  /// where the server takes them, else files that lose nothing.
  std::string payload = raw_payload;
  int jpeg_quality = 90;  ///< 1 to 100
};

/// A model's address, taken apart.
struct EndpointPlace {
  std::string server;   ///< as ConnectionOptions::url
  std::string model;    ///< its name there
  std::string version;  ///< empty: the server's choice
};

/// Of "http(s)://host:port/v2/models/MODEL" or "grpc(s)://host:port/MODEL"; "/versions/VERSION" may
/// follow, by gRPC "/VERSION" too. Throws std::invalid_argument for what is neither.
EndpointPlace parse_endpoint(const std::string& url);

/// Where requests go, settled against what the server says of its model.
struct Endpoint {
  TensorSpec input{};
  std::string output{};               ///< empty: it names none, all are asked for
  std::string payload = raw_payload;  ///< as what images are sent
  bool channels_last = false;         ///< the input is (n, h, w, c)
  bool single = false;                ///< the input has no axis for several
  std::int64_t batch = 0;             ///< inputs in a request, no more and no fewer; 0: any number
};

/// Chooses among the inputs and outputs that `metadata` lists; one that lists none takes what it is
/// sent. An error value where none fits `payload` and one input (1, ...), or where it is in doubt
/// which output answers with K of `classes` (0: any).
Checked<Endpoint> settle(const EndpointOptions& options, const ModelMetadata& metadata,
                         const Shape& input_shape, std::int64_t classes = 0);

/// A request to it, as yet without inputs.
InferInput request_for(const EndpointOptions& options, const Endpoint& endpoint);

/// Sets datatype, shape and bytes to inputs (n, ...), f32, or u8 for UINT8, at most `batch` of
/// them; the last one fills up what that wants. Refused for numbers that the datatype has not.
void put(const Tensor& inputs, const Endpoint& endpoint, InferInput& request);

/// Images (n, c, h, w) of u8 or f32 as (n, h, w, c).
Tensor with_channels_last(const Tensor& images);

}  // namespace muxnet
