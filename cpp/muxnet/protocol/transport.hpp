#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "muxnet/protocol/inference_protocol.hpp"

namespace muxnet {

/// Why no usable answer came back.
enum class Fault : std::uint8_t {
  none,
  unresolved,   ///< the server's name is not known
  unreachable,  ///< nobody accepts connections there
  cut,          ///< the connection ended before the answer did
  timed_out,
  too_large,    ///< an answer beyond the limit
  untrusted,    ///< TLS: the server, or this client to it, could not prove who it is
  unavailable,  ///< the server, or one before it, says: not now
  refused,      ///< the server says: no
  unfit,        ///< the server says: not this request, which is too large or not of its form
  malformed,    ///< what came is no answer of the protocol
  other,
};

std::string_view name_of(Fault fault);

/// Whether the same request may do better a moment later.
bool may_pass(Fault fault);

/// What an exchange brought.
template <class Value>
struct Reply {
  Fault fault = Fault::none;
  std::string message;                ///< what the fault was, in words
  Value value;                        ///< where there was no fault
  std::optional<double> rest_ms;      ///< for which a busy server asks to be left alone
  std::optional<double> exchange_ms;  ///< from the request's first byte to the answer's last; none
                                      ///< where it cannot be told from what came before, handshakes
  double received_bytes = 0;
};

/// A request under way; destroying it gives it up.
template <class Value>
class Transfer {
 public:
  virtual ~Transfer() = default;
  /// Works on it until it is over or SteadyClock reads `until_ms`; at least once, without waiting,
  /// when that is past. True when it is over.
  virtual bool wait(double until_ms) = 0;
  /// Once, after wait() returned true.
  virtual Reply<Value> take() = 0;
  /// Of the request, counted: without what libraries and lower layers add.
  virtual double sent_bytes() const = 0;
};

/// Speaks the Open Inference Protocol with one server. Nothing here blocks but Transfer::wait
/// and work(), and nothing throws for what network and server do. Not safe for two threads at once,
/// but for wake(); outlives its transfers.
class Transport {
 public:
  virtual ~Transport() = default;
  /// What the server says of a model; `version` empty: its choice.
  virtual std::unique_ptr<Transfer<ModelMetadata>> describe(const std::string& model,
                                                            const std::string& version) = 0;
  virtual std::unique_ptr<Transfer<InferResponse>> infer(const InferInput& input) = 0;

  /// Works on all requests under way until something happens to one of them, wake() is called, or
  /// SteadyClock reads `until_ms`.
  virtual void work(double until_ms) = 0;
  /// From any thread, once for a work() under way or the next.
  virtual void wake() = 0;
};

/// How a server is reached.
struct ConnectionOptions {
  /// "http://host:port" or "https://..." (REST), with a path where there is one, or
  /// "grpc://host:port" or "grpcs://..." (gRPC, the second over TLS).
  std::string url;
  std::string bearer_token;           ///< sent as "Authorization: Bearer ..." unless empty
  std::filesystem::path ca_file;      ///< certificates to trust instead of the system's
  std::filesystem::path certificate;  ///< this client's own, PEM, with its key
  std::filesystem::path key;          ///< the certificate's, PEM
  std::string proxy;                  ///< empty: none, whatever the environment says
  double connect_timeout_ms = 2000;   ///< longest wait for a connection
  std::size_t max_response_bytes = std::size_t{1} << 20;  ///< a longer response is refused
};

/// The transport that the URL's scheme names. Throws std::invalid_argument for a URL or token that
/// cannot be one, FileError for a certificate that cannot be read, std::runtime_error where muxnet
/// was built without the library that the scheme needs.
std::unique_ptr<Transport> make_transport(const ConnectionOptions& options);

}  // namespace muxnet
