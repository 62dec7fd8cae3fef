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
/// What the answer says of `output`; where that is empty, of the one of `classes` that is in no
/// doubt.
InferResponse parse_answer(const HttpResponse& response, const std::string& output,
                           std::int64_t classes = 0);

}  // namespace muxnet
