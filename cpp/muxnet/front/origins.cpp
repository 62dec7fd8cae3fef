#include "muxnet/front/origins.hpp"

#include <algorithm>
#include <array>

#include "muxnet/core/error.hpp"
#include "muxnet/core/names.hpp"

namespace muxnet {
namespace {

constexpr std::array<std::string_view, 3> loopback{"localhost", "127.0.0.1", "::1"};
constexpr std::array<std::string_view, 3> safe_methods{"GET", "HEAD", "OPTIONS"};
constexpr std::array<std::string_view, 2> content_types{"application/json",
                                                        "application/octet-stream"};
constexpr std::size_t shown_bytes = 80;

template <class List>
bool among(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// All browsers call themselves Mozilla.
bool from_browser(const ReceivedHttp& request) {
  return request.has("origin") || request.has("sec-fetch-site") || request.has("referer") ||
         request.header("user-agent").starts_with("Mozilla/");
}

HeadRefusal elsewhere(std::string_view received) {
  return {403, error_text("origin", "the server's own page", received.substr(0, shown_bytes)),
          "origin"};
}

}  // namespace

std::string host_name(std::string_view authority) {
  if (authority.starts_with('[')) {
    authority.remove_prefix(1);
    return lower(authority.substr(0, authority.find(']')));
  }
  const auto colon = authority.rfind(':');
  if (colon != std::string_view::npos) {
    const std::string_view port = authority.substr(colon + 1);
    const bool number = !port.empty() && port.find_first_not_of("0123456789") == port.npos;
    if (number) authority = authority.substr(0, colon);
  }
  while (authority.ends_with('.')) authority.remove_suffix(1);
  return lower(authority);
}

Origins::Origins(std::string_view host, std::span<const std::string> allowed) {
  for (const std::string& name : allowed) names_.insert(host_name(name));
  if (among(loopback, host)) names_.insert(loopback.begin(), loopback.end());
  if (names_.contains("*")) names_.clear();
}

std::optional<HeadRefusal> Origins::refusal(const ReceivedHttp& request) const {
  const std::string_view host = request.header("host");
  // HTTP/1.0 has no host to name, and no browser speaks it.
  const bool unnamed = !request.http_1_1 && !request.has("host") && !from_browser(request);
  if (!unnamed && !names_.empty() && !names_.contains(host_name(host))) {
    std::string names;
    for (const std::string& name : names_) names += (names.empty() ? "" : ", ") + name;
    const std::string expected = "one of " + names + " (--allowed-hosts)";
    return HeadRefusal{403, error_text("host", expected, host.substr(0, shown_bytes)), "host"};
  }
  if (request.has("origin")) {
    const std::string origin = lower(request.header("origin"));
    const auto begin = origin.find("://");
    const std::string named = begin == origin.npos ? "" : origin.substr(begin + 3);
    if (named != lower(host)) return elsewhere(request.header("origin"));
  }
  if (!request.has("sec-fetch-site")) return std::nullopt;
  const std::string_view site = request.header("sec-fetch-site");
  // A link to the page may stand anywhere.
  const bool link = request.path == "/" && request.method == "GET" &&
                    request.header("sec-fetch-mode") == "navigate";
  if (site == "none" || site == "same-origin" || link) return std::nullopt;
  return elsewhere(site);
}

std::optional<HeadRefusal> content_type_refusal(const ReceivedHttp& request) {
  if (among(safe_methods, request.method)) return std::nullopt;
  const std::string_view given = request.header("content-type");
  const std::string kind = lower(trimmed(given.substr(0, given.find(';'))));
  // What curl and urllib say of a body whose type nobody gave them.
  const bool unsaid = kind.empty() || kind == "application/x-www-form-urlencoded";
  if (among(content_types, kind) || (unsaid && !from_browser(request))) return std::nullopt;
  const std::string expected = "application/json or application/octet-stream";
  const std::string_view received = kind.empty() ? "none" : std::string_view(kind);
  return HeadRefusal{415, error_text("content-type", expected, received.substr(0, shown_bytes)),
                     "content_type"};
}

}  // namespace muxnet
