#pragma once

#include <boost/asio/thread_pool.hpp>

#include "muxnet/front/front.hpp"
#include "muxnet/front/handed.hpp"
#include "muxnet/front/http_connection.hpp"
#include "muxnet/front/inference.hpp"
#include "muxnet/front/packed_body.hpp"

namespace muxnet {

/// REST of the Open Inference Protocol: which request is answered by what.
class Routes {
 public:
  Routes(const FrontOptions& options, Inference& inference, Handed& handed,
         boost::asio::thread_pool& slow);

  /// By its head: where it comes from, the bearer token, its type and size. Health is open to all.
  std::optional<HeadRefusal> refusal(const ReceivedHttp& request) const;
  static bool is_health(const ReceivedHttp& request);
  void answer(ReceivedHttp request, HttpHandlers::Reply reply);

 private:
  using Parts = std::vector<std::string>;

  void unpack(ReceivedHttp request, const Packing& packing, const HttpHandlers::Reply& reply);
  HttpReply plain(const ReceivedHttp& request, const Parts& parts,
                  const std::string& version) const;
  HttpReply model(const ReceivedHttp& request, const Parts& parts,
                  const std::string& version) const;
  HttpReply readiness() const;
  HttpReply server_metadata() const;
  HttpReply model_metadata(const std::string& name, ServedName served) const;
  void infer(ReceivedHttp request, const std::string& name, const std::string& version,
             const HttpHandlers::Reply& reply);
  void repository(ReceivedHttp request, const Parts& parts, const HttpHandlers::Reply& reply);
  void hand(ReceivedHttp request, const HttpHandlers::Reply& reply);

  const FrontOptions& options_;
  Origins origins_;
  PackedBodies bodies_;
  Inference& inference_;
  Handed& handed_;
  boost::asio::thread_pool& slow_;
};

}  // namespace muxnet
