#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "muxnet/front/events.hpp"

namespace muxnet {

/// A request as it came, whole.
struct ReceivedHttp {
  std::string method;
  std::string path;    ///< as it was written, without the query
  HeaderList headers;  ///< names in lower case
  std::shared_ptr<std::string> body = std::make_shared<std::string>();
  bool http_1_1 = true;
  bool keep_alive = true;
  std::string client;         ///< its address
  std::int64_t began_ns = 0;  ///< since 1970, when it had come

  /// Empty where there is none; the last of several.
  std::string_view header(std::string_view name) const;
  bool has(std::string_view name) const;
  /// Parts of the path, without what "%" writes otherwise.
  std::vector<std::string> parts() const;
};

/// An answer.
struct HttpReply {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  HeaderList headers{};
};

/// In the protocol's form.
HttpReply refusal_reply(int status, std::string_view written, int retry_after_s = 0);

/// An answer's head as it goes over the wire.
std::string head_of(const HttpReply& reply, bool close, bool http_1_1 = true);

}  // namespace muxnet
