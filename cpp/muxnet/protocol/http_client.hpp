#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "muxnet/protocol/transport.hpp"

namespace muxnet {

struct HttpRequest {
  std::string method = "GET";
  std::string path;  ///< below the server's address, "/v2/models/m"
  std::vector<std::string> headers;
  std::string body;

  /// Bytes of request line, headers and body (counted, without what the client library adds).
  double size() const;
};

struct HttpResponse {
  Fault fault = Fault::none;  ///< of the connection alone, whatever the status
  std::string message;        ///< what the fault was, in words
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  double exchange_ms = 0;  ///< from the request's first byte to the answer's last, no handshakes
  double received_bytes = 0;
};

/// As Transfer, of bytes.
class HttpTransfer {
 public:
  virtual ~HttpTransfer() = default;
  virtual bool wait(double until_ms) = 0;
  virtual HttpResponse take() = 0;
};

/// As Transport, of bytes.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual std::unique_ptr<HttpTransfer> start(HttpRequest request) = 0;
  virtual void work(double until_ms) = 0;
  virtual void wake() = 0;
};

/// HTTP/1.1 through libcurl: connections are kept and used again, TCP_NODELAY is set, names are
/// resolved aside, redirects are not followed. Throws std::runtime_error where muxnet was built
/// without libcurl.
std::unique_ptr<HttpClient> make_http_client(const ConnectionOptions& options);

}  // namespace muxnet
