#pragma once

#include <string>

#include "muxnet/protocol/inference_messages.pb.h"
#include "muxnet/protocol/inference_protocol.hpp"

namespace muxnet {

/// The Open Inference Protocol's gRPC messages: requests written, and what answers say. The readers
/// throw std::exception for what does not fit.
inference::ModelMetadataRequest metadata_message(const std::string& model,
                                                 const std::string& version);
/// The tensor as raw contents; BYTES with its length before it.
inference::ModelInferRequest infer_message(const InferInput& input);

ModelMetadata read_metadata(const inference::ModelMetadataResponse& message);
/// What the answer says of `output`, in raw contents or one by one; where that is empty, of the one
/// of `classes` that is in no doubt.
InferResponse read_answer(const inference::ModelInferResponse& message, const std::string& output,
                          std::int64_t classes = 0);

}  // namespace muxnet
