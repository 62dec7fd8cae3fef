#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "muxnet/front/http_connection.hpp"

namespace muxnet {

/// Where an HTTP server listens, and within which limits.
struct HttpOptions {
  std::string host = "127.0.0.1";
  int port = 0;                         ///< 0: any that is free
  std::string certificate, key;         ///< files, PEM; none: no TLS
  std::uint64_t body_bytes = 64 << 20;  ///< of one request
  std::size_t requests = 256;           ///< that are worked on at a time
  ConnectionLimits connections;
};

/// HTTP/1.1 by Boost.Asio and Beast, on one thread: connections cost no thread, whether idle or
/// slow. Calls are safe from any other thread.
class HttpServer {
 public:
  /// Listens, and serves. Throws FileError for an address that is taken or a certificate that does
  /// not fit.
  HttpServer(const HttpOptions& options, Refusals& refusals, HttpHandlers handlers);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const { return port_; }
  /// Takes no more connections; those there are end with their next answer.
  void drain();
  /// Waits until none is left; false: some are still there.
  bool wait_drained(double within_ms);
  /// Ends all connections, whatever they are in.
  void stop();

 private:
  using Acceptor = boost::asio::ip::tcp::acceptor;

  void listen(const HttpOptions& options);
  void accept();
  void accept_waiting();
  void take(boost::asio::ip::tcp::socket socket);
  void pause();
  void sweep();

  boost::asio::io_context io_{1};
  HttpConnections connections_;
  HttpShared shared_;
  std::optional<boost::asio::ssl::context> tls_;
  Acceptor acceptor_{io_};
  boost::asio::steady_timer sweeping_{io_}, pausing_{io_};
  int port_ = 0;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool drained_ = false;
  std::thread thread_;
};

}  // namespace muxnet
