#pragma once

#include <memory>

#include "muxnet/protocol/http_client.hpp"
#include "muxnet/protocol/transport.hpp"

namespace muxnet {

/// The protocol over REST, through any HTTP client.
std::unique_ptr<Transport> make_rest_transport(std::unique_ptr<HttpClient> client);
/// The same through libcurl; throws as make_http_client does.
std::unique_ptr<Transport> make_rest_transport(const ConnectionOptions& options);

}  // namespace muxnet
