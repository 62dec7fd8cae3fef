#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "muxnet/front/front.hpp"
#include "muxnet/server/server_log.hpp"
#include "muxnet/server/server_reading.hpp"

namespace muxnet {

/// How a server serves.
struct ServerOptions {
  FrontOptions front;               ///< what it takes; what its owner answers is the server's
  ServiceOptions service;           ///< how it works
  std::string router = "router";    ///< the router's name
  std::filesystem::path decisions;  ///< file that decision records are appended to; empty: none
  double drain_s = 30;              ///< to the end, whatever is stuck
};

/// Where what is served comes from.
struct ServerSource {
  /// Reads it again, for a reload. Throws what cannot be served.
  std::function<std::shared_ptr<const Served>()> read;
  /// The files whose change means something new to serve.
  Reloader::Files files;
};

/// Whom a server tells, on a thread of its own; must not throw.
struct ServerListeners {
  /// Of a request that was answered or refused, and the names of the models; none: of no request.
  std::function<void(const AnsweredRequest&, const std::vector<std::string>&)> answered;
  std::function<void(AskedAnswer)> asked;  ///< of the answer to a request that came by ask()
};

/// A router and its models as an endpoint: a front before a service, and what is done beside
/// requests. What is served is read again when its files change; decisions are recorded; status,
/// metrics, labels and a page are answered; drift, stuck workers, and operating points that load
/// has chosen are told in a log. Safe for any number of threads.
class Server {
 public:
  /// Listens and is live; ready after open(). Throws FileError for an address that is taken, a
  /// certificate that does not fit, and files of the source or of decisions that cannot be opened.
  Server(ServerOptions options, ServerSource source, ServerListeners listeners = {},
         ServerLog log = ServerLog());
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Runs every model once, and answers from now on. Throws std::invalid_argument for what does not
  /// fit, std::runtime_error for a model that does not come back.
  void open(const std::shared_ptr<const Served>& served);
  /// Reads the source anew, changed or not.
  void reload();
  /// As Front::ask(); the answer is told to the listener.
  std::uint64_t ask(std::string method, std::string path, HeaderList headers, std::string body);

  int http_port() const;          ///< that it listens on; 0: it does not
  int grpc_port() const;          ///< the same of gRPC, after open()
  ServerReading reading() const;  ///< of all that it has to tell, after open()
  double drain_s() const;         ///< to the end

  /// Logs that it is ready, and where.
  void tell_ready() const;
  /// Takes no more, answers what is there, and stops, all of it within the time to end. False: some
  /// thread does not come back.
  bool drain();

 private:
  class Implementation;
  std::shared_ptr<Implementation> implementation_;  ///< its threads have a share
};

/// Serves until SIGTERM or SIGINT, then drains; SIGHUP reads the source anew. A second signal ends
/// the process at once, and so does the time to end. What drain() gives.
bool serve_until_told(Server& server);

/// How many connections REST may have of the descriptors that are free, after the system was asked
/// for as many as it gives.
std::int64_t connections_within_descriptors();

}  // namespace muxnet
