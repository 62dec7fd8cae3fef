#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace muxnet {

/// A request that is refused: an HTTP status, and how long to wait where that helps.
class RequestRefused : public std::runtime_error {
 public:
  RequestRefused(int with_status, const std::string& what, int retry_after_seconds = 0)
      : std::runtime_error(what), status(with_status), retry_after_s(retry_after_seconds) {}

  int status;
  int retry_after_s;  ///< 0: it does not help
};

/// Of a request that does not fit the protocol or the model.
RequestRefused bad_request(std::string_view where, std::string_view expected,
                           std::string_view received);

/// Text as JSON, with its quotes; bytes that are no UTF-8 are replaced.
std::string json_text(std::string_view written);

/// {"error": ...}, the protocol's form.
std::string error_body(std::string_view written);

/// Told of what is this program's fault; the log says more.
inline constexpr std::string_view own_error = "[server] an error of its own; the log says more";
inline constexpr std::string_view full_error = "[server] expected fewer requests at a time";
inline constexpr std::string_view token_error = "[authorization] expected the bearer token";

/// Of a body beyond the limit.
std::string too_large_text(std::uint64_t most_bytes);

/// Whether an Authorization header carries the token, in a time that tells nothing of it.
bool token_matches(std::string_view header, std::string_view token);

}  // namespace muxnet
