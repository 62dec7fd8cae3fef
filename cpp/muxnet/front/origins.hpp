#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>

#include "muxnet/front/http_message.hpp"

namespace muxnet {

/// Of a request that its head refuses.
struct HeadRefusal {
  int status = 0;
  std::string text;
  std::string reason;
};

/// Which web pages may reach the server: none but its own. A browser sends requests of any page
/// that is open in it to this machine, and by a name of its own that it lets point here (DNS
/// rebinding) a page reads the answers too. Programs other than browsers send neither `Origin` nor
/// `Sec-Fetch-Site`.
class Origins {
 public:
  /// The address that the server is bound to, and further names that it goes by. Bound to another
  /// address than this machine's own, it goes by any name unless some are given.
  Origins(std::string_view host, std::span<const std::string> allowed);

  /// By where a request comes from, and by which name it calls the server.
  std::optional<HeadRefusal> refusal(const ReceivedHttp& request) const;

 private:
  std::set<std::string> names_;
};

/// Of a request that may change something and has a content type that a form, or a script that asks
/// nobody, can send to another origin. Programs may leave it out, as Triton's clients do, or to a
/// library that knows forms alone; what comes from a browser may not.
std::optional<HeadRefusal> content_type_refusal(const ReceivedHttp& request);

/// The name in a `Host` header, without its port and brackets.
std::string host_name(std::string_view authority);

}  // namespace muxnet
