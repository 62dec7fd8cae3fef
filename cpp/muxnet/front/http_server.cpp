#include "muxnet/front/http_server.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "muxnet/core/error.hpp"
#include "muxnet/front/refused.hpp"
#include "muxnet/front/without_signals.hpp"

namespace muxnet {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::chrono::milliseconds sweep_every{500}, retry_after{100};
constexpr int waiting_connections = 1024;

}  // namespace

HttpServer::HttpServer(const HttpOptions& options, Refusals& refusals, HttpHandlers handlers)
    : connections_(options.connections, refusals),
      shared_{io_, connections_, options.body_bytes, options.requests, std::move(handlers)} {
  if (!options.key.empty()) tls_.emplace(tls_context(options.certificate, options.key));
  listen(options);
  accept();
  sweep();
  const WithoutSignals blocked;
  thread_ = std::thread([this] { io_.run(); });
}

HttpServer::~HttpServer() { stop(); }

void HttpServer::listen(const HttpOptions& options) {
  const std::string where = text("[http] ", options.host, ":", options.port);
  try {
    tcp::resolver resolver(io_);
    const auto found = resolver.resolve(options.host, std::to_string(options.port),
                                        tcp::resolver::passive | tcp::resolver::numeric_service);
    const tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen(waiting_connections);
    acceptor_.non_blocking(true);
    port_ = acceptor_.local_endpoint().port();
  } catch (const boost::system::system_error& error) {
    throw FileError(where + ": cannot be listened on: " + error.code().message());
  }
}

void HttpServer::accept() {
  acceptor_.async_accept([this](const IoError& error, tcp::socket socket) {
    if (!acceptor_.is_open() || error == asio::error::operation_aborted) return;
    if (error == asio::error::no_descriptors || error == asio::error::no_buffer_space ||
        error == asio::error::no_memory ||
        error == boost::system::errc::too_many_files_open_in_system) {
      return pause();
    }
    if (!error) take(std::move(socket));
    accept();
  });
}

/// Lets the system recover: what waits stays in its queue.
void HttpServer::pause() {
  connections_.refusals.add("descriptors");
  pausing_.expires_after(retry_after);
  pausing_.async_wait([this](const IoError& error) {
    if (!error && acceptor_.is_open()) accept();
  });
}

void HttpServer::take(tcp::socket socket) {
  IoError error;
  const auto peer = socket.remote_endpoint(error);
  if (error) return;  // it has gone
  const std::string client = peer.address().to_string();
  if (!connections_.make_room()) {
    connections_.refusals.add("connections", client);
    const HttpReply reply = refusal_reply(503, full_error, 1);
    socket.non_blocking(true, error);
    if (!tls_) socket.send(asio::buffer(head_of(reply, true) + reply.body), 0, error);
    return;
  }
  socket.set_option(tcp::no_delay(true), error);
  auto stream = tls_ ? tls_stream(std::move(socket), *tls_) : plain_stream(std::move(socket));
  std::make_shared<HttpConnection>(shared_, std::move(stream), client)->start();
}

/// Who is connected already would lose a request.
void HttpServer::accept_waiting() {
  IoError error;
  while (acceptor_.is_open()) {
    tcp::socket socket(io_);
    acceptor_.accept(socket, error);
    if (error) break;
    take(std::move(socket));
  }
}

void HttpServer::sweep() {
  connections_.sweep(steady_s());
  if (shared_.handlers.sweep) shared_.handlers.sweep();
  if (connections_.draining() && connections_.size() == 0) {
    const std::lock_guard lock(mutex_);
    drained_ = true;
    ended_.notify_all();
  }
  sweeping_.expires_after(connections_.draining() ? sweep_every / 10 : sweep_every);
  sweeping_.async_wait([this](const IoError& error) {
    if (!error) sweep();
  });
}

void HttpServer::drain() {
  asio::post(io_, [this] {
    if (connections_.draining()) return;
    connections_.draining_since_s = steady_s();
    accept_waiting();
    IoError ignored;
    acceptor_.close(ignored);
    sweeping_.cancel();
    sweep();
  });
}

bool HttpServer::wait_drained(double within_ms) {
  std::unique_lock lock(mutex_);
  return ended_.wait_for(lock, std::chrono::duration<double, std::milli>(within_ms),
                         [this] { return drained_; });
}

void HttpServer::stop() {
  if (!thread_.joinable()) return;
  io_.stop();
  thread_.join();
}

}  // namespace muxnet
