#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "muxnet/front/http_message.hpp"

namespace muxnet {

inline constexpr std::size_t most_head_bytes = 32 << 10;

/// Reads one request of HTTP/1.1 from bytes as they come, within limits: of a head, of a body, of
/// chunks' extensions and trailers, and of chunks in crumbs, each of which costs more than it
/// brings. What may hide a second request in a first (both lengths, an unknown transfer encoding)
/// is malformed.
class HttpParser {
 public:
  enum class State : std::uint8_t {
    more,  ///< of it has to come
    head,  ///< its head has come; said once
    whole,
    malformed,
    head_large,
    body_large,
    trailers_large,
  };

  explicit HttpParser(std::uint64_t most_body_bytes);
  ~HttpParser();
  HttpParser(const HttpParser&) = delete;
  HttpParser& operator=(const HttpParser&) = delete;

  /// Takes the first so many of `bytes`; those that it leaves have to come again, with more behind
  /// them. Not to be called after `whole` or an error.
  std::size_t take(std::string_view bytes, State& state);

  /// What was malformed, in words.
  std::string fault() const;

  /// As far as it has come.
  ReceivedHttp& request();
  bool head_done() const;
  /// Whether it waits to be told that its body is wanted.
  bool expects_continue() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace muxnet
