#pragma once

#include <memory>

#include "muxnet/protocol/transport.hpp"

namespace muxnet {

/// The protocol over gRPC: one connection for all requests, replaced where it may be dead; no
/// retries, back-off or keepalive of gRPC's own, as the client above minds these; answers beyond
/// max_response_bytes are not read. Keeps gRPC from printing, in the whole process, unless its
/// GRPC_VERBOSITY is set. Throws as make_transport does.
std::unique_ptr<Transport> make_grpc_transport(const ConnectionOptions& options);

}  // namespace muxnet
