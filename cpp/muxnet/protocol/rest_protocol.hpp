#pragma once

#include <string>

#include "muxnet/protocol/http_client.hpp"
#include "muxnet/protocol/inference_protocol.hpp"

namespace muxnet {

/// The Open Inference Protocol over REST with the binary tensor extension: requests as HTTP has
/// them, and what answers of status 200 say. The readers throw std::exception for what is none.
HttpRequest metadata_request(const std::string& model, const std::string& version = "");
HttpRequest infer_request(const InferInput& input);

ModelMetadata parse_metadata(const HttpResponse& response);
/// What the answer says of `output`, whose datatype has to be FP32 or FP64.
InferResponse parse_answer(const HttpResponse& response, const std::string& output);

}  // namespace muxnet
