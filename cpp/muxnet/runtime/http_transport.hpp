#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "muxnet/runtime/clock.hpp"
#include "muxnet/runtime/transport.hpp"

namespace muxnet {

struct HttpOptions {
  std::string url;  ///< "http://host:port" or "https://...", with a path where there is one
  std::string bearer_token;           ///< sent as "Authorization: Bearer ..." unless empty
  std::filesystem::path ca_file;      ///< certificates to trust instead of the system's
  std::filesystem::path certificate;  ///< this client's own, PEM, with its key
  std::filesystem::path key;
  std::string proxy;  ///< empty: none, whatever the environment says
  double connect_timeout_ms = 2000;
  std::size_t max_response_bytes = std::size_t{1} << 20;
};

/// HTTP/1.1 through libcurl: connections are kept and used again, TCP_NODELAY is set, names are
/// resolved aside, redirects are not followed. Throws std::invalid_argument for a URL or token that
/// cannot be one, std::runtime_error where muxnet was built without libcurl.
std::unique_ptr<Transport> make_http_transport(const HttpOptions& options);

}  // namespace muxnet
