#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace muxnet {

/// Why no whole answer came back.
enum class Fault : std::uint8_t {
  none,
  unresolved,   ///< the server's name is not known
  unreachable,  ///< nobody accepts connections there
  cut,          ///< the connection ended before the answer did
  timed_out,
  too_large,  ///< an answer beyond the limit
  untrusted,  ///< TLS: the server, or this client to it, could not prove who it is
  other,
};

std::string_view name_of(Fault fault);

struct HttpRequest {
  std::string method = "GET";
  std::string path;  ///< below the server's address, "/v2/models/m"
  std::vector<std::string> headers;
  std::string body;

  /// Bytes of request line, headers and body (counted, without what the client library adds).
  double size() const;
};

struct HttpResponse {
  Fault fault = Fault::none;
  std::string message;  ///< what the fault was, in words
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  double exchange_ms = 0;  ///< from the request's first byte to the answer's last, no handshakes
  double received_bytes = 0;
};

/// A request under way; destroying it gives it up.
class Transfer {
 public:
  virtual ~Transfer() = default;
  /// Works on it until it is over or the transport's clock reads `until_ms`; at least once, without
  /// waiting, when that is past. True when it is over.
  virtual bool wait(double until_ms) = 0;
  /// Once, after wait() returned true.
  virtual HttpResponse take() = 0;
};

/// Sends requests to one server. Nothing here blocks but Transfer::wait, and nothing throws for
/// what the network does. Not safe for two threads at once; outlives its transfers.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual std::unique_ptr<Transfer> start(HttpRequest request) = 0;
};

}  // namespace muxnet
