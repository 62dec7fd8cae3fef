#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "muxnet/core/tensor.hpp"

namespace muxnet {

/// The Open Inference Protocol (KServe V2) without regard to how it is carried: what is asked, what
/// comes back, and what an answer must be. A server is not trusted: whatever it sends that does not
/// fit is an error value, never an exception. Source: github.com/kserve/open-inference-protocol.

/// A value, or why there is none.
template <class Value>
struct Checked {
  std::optional<Value> value;
  std::string error;
};

/// One input or output of a model, as its server describes it.
struct TensorSpec {
  std::string name;      ///< of the tensor
  std::string datatype;  ///< "FP32", "UINT8", "BYTES", ...
  Shape shape;           ///< -1: any extent
};

/// What a server says of a model.
struct ModelMetadata {
  std::string name;                 ///< of the model there
  std::vector<TensorSpec> inputs;   ///< that it takes
  std::vector<TensorSpec> outputs;  ///< that it gives
  std::string platform = "";        ///< what runs it there; empty: it does not say
};

/// How the platform of a model begins that `muxnet serve` answers for.
inline constexpr std::string_view own_platform = "muxnet";

/// What is sent: one tensor, in and out by name.
struct InferInput {
  std::string id;  ///< which the answer must bear, where it bears one
  std::string model;
  std::string version;  ///< empty: the server's choice
  std::string input;
  std::string output;  ///< empty: all of them
  std::string datatype;
  Shape shape;
  std::string bytes;         ///< little-endian, row-major; BYTES: one element, without its length
  bool as_json = false;      ///< REST: numbers as JSON has them, for servers without binary tensors
  std::int64_t rows = 1;     ///< inputs in it
  std::int64_t classes = 0;  ///< K of the output that answers, where all come; 0: any

  /// What precedes `bytes` in a binary tensor: the element's length for BYTES, else nothing.
  std::string length_prefix() const;
};

/// The output that was asked for, as a server sent it.
struct InferResponse {
  std::string id;  ///< empty: it bears none
  Shape shape;
  std::vector<double> values;
  std::optional<double> server_ms;  ///< parameter "server_ms", else Server-Timing's "total"
  bool whole = false;               ///< of a datatype without fractions
};

/// In words.
std::string to_string(const std::vector<TensorSpec>& specs);

/// The place of the output `wanted`; where that is empty, of "probabilities", else of the only one
/// of scores, else of labels; of several scores the only one that can be (n, K), K of `classes`
/// where that is not 0. An error value, of `where`, where there is none or a doubt.
Checked<std::size_t> chosen_output(const std::string& where, const std::string& wanted,
                                   const std::vector<TensorSpec>& outputs, std::int64_t classes);

/// What an answer must be to be taken.
struct ExpectedOutput {
  std::string id;
  std::string output;
  std::int64_t classes = 0;
  bool logits = false;    ///< the softmax of the output is the answer
  std::int64_t sent = 1;  ///< inputs of the request, one and what filled it up
};

struct InferAnswer {
  Tensor probabilities;  ///< f32 (1, K)
  std::optional<double> server_ms;
};

/// Checks id, shape, size and that all values are finite and, unless logits, probabilities: in
/// [0, 1] and summing to 1 within 1e-2 (float16 servers).
Checked<InferAnswer> check_answer(InferResponse response, const ExpectedOutput& expected);

/// What an answer to several inputs must be.
struct ExpectedRows {
  std::string id;
  std::string output;
  std::int64_t rows = 0;
  std::int64_t classes = 0;  ///< 0: any number of them
  std::int64_t sent = 0;     ///< inputs of the request, `rows` and what filled it up
};

/// The output as f32 (n, K), labels (n) or (n, 1) as rows of 0 and 1. Checks id, rows, classes
/// (axes of one element beside them do not count) and that all values are finite.
Checked<Tensor> check_rows(InferResponse response, const ExpectedRows& expected);

}  // namespace muxnet
