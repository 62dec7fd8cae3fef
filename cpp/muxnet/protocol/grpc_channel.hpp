#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/security/credentials.h>

#include <memory>

#include "muxnet/protocol/transport.hpp"

namespace muxnet {

/// gRPC prints what it also returns; who wants to read it sets its GRPC_VERBOSITY.
void keep_grpc_quiet();

/// Makes channels to one server, each with a connection of its own.
class GrpcChannels {
 public:
  /// Throws std::invalid_argument for a URL that is none, FileError for a certificate's file.
  explicit GrpcChannels(const ConnectionOptions& options);
  std::shared_ptr<grpc::Channel> open() const;

  /// What a call's status means; `connected`: its connection still stands.
  Fault fault_of(const grpc::Status& status, bool connected) const;

 private:
  ConnectionOptions options_;
  std::string target_;
  std::shared_ptr<grpc::ChannelCredentials> credentials_;
};

/// By the trailer grpc-retry-pushback-ms of gRPC's proposal A6, "client retry support".
std::optional<double> rest_ms(const grpc::ClientContext& context);

}  // namespace muxnet
