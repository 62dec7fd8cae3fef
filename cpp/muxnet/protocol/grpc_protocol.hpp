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
/// What the answer says of `output`, whose datatype has to be FP32 or FP64, in raw contents or one
/// by one.
InferResponse read_answer(const inference::ModelInferResponse& message, const std::string& output);

}  // namespace muxnet
