#pragma once

#include <boost/asio/thread_pool.hpp>
#include <memory>

#include "muxnet/front/front.hpp"
#include "muxnet/front/inference.hpp"
#include "muxnet/front/routes.hpp"

namespace muxnet {

/// gRPC of the Open Inference Protocol, on gRPC's own threads.
class GrpcServer {
 public:
  virtual ~GrpcServer() = default;
  virtual int port() const = 0;
  /// Takes no more calls, answers what is there, for at most so long.
  virtual void drain(double within_ms) = 0;
  /// Waits until that is done; false: it is not.
  virtual bool wait_drained(double within_ms) = 0;
  /// Ends calls whose message does not come in time.
  virtual void sweep() = 0;
};

/// Throws FileError for an address that is taken or a certificate that cannot be read,
/// std::runtime_error where muxnet was built without gRPC.
std::unique_ptr<GrpcServer> make_grpc_server(const FrontOptions& options, Inference& inference,
                                             Handed& handed, Refusals& refusals,
                                             boost::asio::thread_pool& slow);

}  // namespace muxnet
