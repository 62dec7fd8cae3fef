#pragma once

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <mutex>

#include "muxnet/front/front.hpp"
#include "muxnet/front/http_connection.hpp"
#include "muxnet/front/inference.hpp"
#include "muxnet/front/packed_body.hpp"

namespace muxnet {

/// What waits for the owner's answer.
class Handed {
 public:
  explicit Handed(FrontEvents& events) : events_(events) {}

  void hand(HandedRequest request, std::function<void(HttpReply)> reply);
  void answer(std::uint64_t ticket, HttpReply reply);
  /// Refuses all that still wait.
  void end();

 private:
  FrontEvents& events_;
  std::mutex mutex_;
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, std::function<void(HttpReply)>> waiting_;
};

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
  void load(ReceivedHttp request, const Parts& parts, const HttpHandlers::Reply& reply);
  void hand(ReceivedHttp request, const HttpHandlers::Reply& reply);

  const FrontOptions& options_;
  Origins origins_;
  PackedBodies bodies_;
  Inference& inference_;
  Handed& handed_;
  boost::asio::thread_pool& slow_;
};

/// Whether requests of a name are answered: none of its models is stuck.
bool is_ready(const Service& service, ServedName name);
/// Whether requests are taken: not before all models ran, draining, with one stuck.
bool is_ready(const Inference& inference);

}  // namespace muxnet
