#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace muxnet {

using IoError = boost::system::error_code;

/// One TCP connection, plain or under TLS; used by one thread at a time.
class HttpStream {
 public:
  using Done = std::function<void(const IoError& error, std::size_t bytes)>;

  virtual ~HttpStream() = default;
  /// Before all else.
  virtual void start(Done done) = 0;
  virtual void read(void* to, std::size_t most, Done done) = 0;
  /// All of `first`, then of `second`, which stay where they are until then.
  virtual void write(std::string_view first, std::string_view second, Done done) = 0;
  /// As much of both as is taken at once: how many bytes; 0 where it cannot be known or has failed,
  /// which write() tells.
  virtual std::size_t write_now(std::string_view first, std::string_view second) = 0;
  /// Nothing more is written.
  virtual void end() = 0;
  virtual void close() = 0;
};

std::unique_ptr<HttpStream> plain_stream(boost::asio::ip::tcp::socket socket);
std::unique_ptr<HttpStream> tls_stream(boost::asio::ip::tcp::socket socket,
                                       boost::asio::ssl::context& context);

/// Of a server with these files, PEM. Throws FileError where they do not fit.
boost::asio::ssl::context tls_context(const std::string& certificate, const std::string& key);

}  // namespace muxnet
