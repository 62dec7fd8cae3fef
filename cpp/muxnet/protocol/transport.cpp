#include "muxnet/protocol/transport.hpp"

#include <algorithm>
#include <array>

#include "muxnet/core/error.hpp"
#include "muxnet/protocol/grpc_transport.hpp"
#include "muxnet/protocol/rest_transport.hpp"

namespace muxnet {
namespace {

using Make = std::unique_ptr<Transport> (*)(const ConnectionOptions&);

constexpr std::array<std::pair<std::string_view, Make>, 4> schemes = {{
    {"http://", &make_rest_transport},
    {"https://", &make_rest_transport},
    {"grpc://", &make_grpc_transport},
    {"grpcs://", &make_grpc_transport},
}};

}  // namespace

std::string_view name_of(Fault fault) {
  constexpr std::array<std::string_view, 12> names = {
      "none",      "unresolved",  "unreachable", "cut",   "timed_out", "too_large",
      "untrusted", "unavailable", "refused",     "unfit", "malformed", "other"};
  return names.at(static_cast<std::size_t>(fault));
}

bool may_pass(Fault fault) {
  return fault == Fault::cut || fault == Fault::unreachable || fault == Fault::unavailable;
}

std::unique_ptr<Transport> make_transport(const ConnectionOptions& options) {
  const std::string& token = options.bearer_token;
  const bool plain =
      std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 127; });
  require(plain, "bearer token", "printable characters without blanks", "others");
  const auto* scheme = std::find_if(schemes.begin(), schemes.end(), [&](const auto& entry) {
    return options.url.starts_with(entry.first);
  });
  require(scheme != schemes.end(), "server", "a URL http(s)://... or grpc(s)://...", options.url);
  return scheme->second(options);
}

}  // namespace muxnet
