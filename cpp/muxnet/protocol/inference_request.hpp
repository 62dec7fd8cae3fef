#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "muxnet/protocol/nesting.hpp"

namespace muxnet {

/// What a request may hold, whichever way it comes; refused while it is read, before more is kept.
struct RequestLimits {
  std::size_t inputs = 16;
  std::size_t outputs = 16;
  std::size_t axes = 16;
  std::size_t parameters = 64;  // of the request, or of a tensor
  std::size_t name_bytes = 256;
  std::size_t text_bytes = 4096;  // of an id, or of a parameter's text
  std::size_t images = 512;       // encoded ones of a tensor
};

using RequestParameters =
    std::map<std::string, std::variant<bool, std::int64_t, double, std::string>>;

/// Where a tensor's bytes lie in what was read.
struct ByteRange {
  std::size_t begin = 0;
  std::size_t size = 0;
};

/// A tensor of a request: its numbers, encoded images, or the place of its bytes.
struct InputTensor {
  std::string name;                 ///< of the tensor
  std::string datatype;             ///< as the protocol calls it
  std::vector<std::int64_t> shape;  ///< the first axis being the images
  RequestParameters parameters;     ///< by name
  std::vector<float> numbers;
  bool whole = true;                // no number has a fraction
  std::vector<std::string> images;  // JPEG or PNG
  Nesting nesting;                  // of the numbers or images, where they came as JSON
  std::optional<ByteRange> raw;
};

/// An output that a request asks for.
struct RequestedTensor {
  std::string name;              ///< of the tensor
  RequestParameters parameters;  ///< by name
};

/// A ModelInfer request of the Open Inference Protocol.
struct InferenceRequest {
  std::string id;                        ///< the caller's
  std::string model_name;                ///< that it asks for
  std::string model_version;             ///< that it asks for, empty: any
  RequestParameters parameters;          ///< by name
  std::vector<InputTensor> inputs;       ///< tensors that it brings
  std::vector<RequestedTensor> outputs;  ///< tensors that it asks for; none: all
};

/// Reads a REST body, whose first `json_length` bytes are JSON and the rest binary tensors. Time
/// and memory are linear in the body's size, and nothing recurses. Throws std::invalid_argument
/// where it is no request, or beyond the limits.
InferenceRequest read_rest_request(std::string_view body, std::size_t json_length,
                                   const RequestLimits& limits = {});

/// Reads a ModelInferRequest as it goes over gRPC; otherwise as read_rest_request.
InferenceRequest read_grpc_request(std::string_view message, const RequestLimits& limits = {});

}  // namespace muxnet
