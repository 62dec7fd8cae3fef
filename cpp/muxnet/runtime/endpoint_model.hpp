#pragma once

#include "muxnet/protocol/endpoint_client.hpp"
#include "muxnet/runtime/hosted_model.hpp"

namespace muxnet {

/// What `client`'s model gives, f32 (n, K).
std::unique_ptr<Classifier> make_endpoint_classifier(std::shared_ptr<EndpointClient> client);

/// `outside` run elsewhere: by `client`, whose requests in flight bound its batches.
HostedModel host_elsewhere(HostedModel outside, std::shared_ptr<EndpointClient> client);

/// `outside` run behind the Open Inference Protocol, as the options say but for its name, classes
/// and kind of answers. Throws as make_transport does.
HostedModel host_endpoint(HostedModel outside, RemoteModelOptions options, AnswerKind kind);

/// The client of a model by the transport that its URL names. Throws as make_transport does.
std::shared_ptr<EndpointClient> make_endpoint_client(const RemoteModelOptions& options);

}  // namespace muxnet
