#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "muxnet/core/tensor.hpp"
#include "muxnet/runtime/transport.hpp"

namespace muxnet {

/// The Open Inference Protocol (KServe V2) over REST with the binary tensor extension: requests as
/// bytes, and answers back. A server is not trusted: whatever it sends that does not fit is an
/// error value, never an exception. Source: github.com/kserve/open-inference-protocol.

/// A value, or why there is none.
template <class Value>
struct Checked {
  std::optional<Value> value;
  std::string error;
};

/// One input or output of a model, as its server describes it.
struct TensorSpec {
  std::string name;
  std::string datatype;  ///< "FP32", "UINT8", "BYTES", ...
  Shape shape;           ///< -1: any extent
};

struct ModelMetadata {
  std::string name;
  std::vector<TensorSpec> inputs;
  std::vector<TensorSpec> outputs;
};

/// What is sent: one tensor, in and out by name.
struct InferInput {
  std::string id;  ///< which the answer must bear, where it bears one
  std::string model;
  std::string version;  ///< empty: the server's choice
  std::string input;
  std::string output;
  std::string datatype;
  Shape shape;
  std::string bytes;  ///< little-endian, row-major; BYTES: one element, without its length
};

/// What an answer must be to be taken.
struct ExpectedOutput {
  std::string id;
  std::string output;
  std::int64_t classes = 0;
  bool logits = false;  ///< the softmax of the output is the answer
};

struct InferAnswer {
  Tensor probabilities;  ///< f32 (1, K)
  std::optional<double>
      server_ms;  ///< response parameter "server_ms", else Server-Timing's "total"
};

HttpRequest metadata_request(const std::string& model, const std::string& version = "");
HttpRequest infer_request(const InferInput& input);

Checked<ModelMetadata> parse_metadata(const HttpResponse& response);
/// Checks status, id, name, datatype (FP32 or FP64), shape, size and that all values are finite
/// and, unless logits, probabilities: in [0, 1] and summing to 1 within 1e-2 (float16 servers).
Checked<InferAnswer> parse_answer(const HttpResponse& response, const ExpectedOutput& expected);

}  // namespace muxnet
