#include "muxnet/front/http_message.hpp"

#include <algorithm>

#include "muxnet/core/error.hpp"
#include "muxnet/front/refused.hpp"

namespace muxnet {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string unescaped(std::string_view written) {
  std::string result;
  for (std::size_t i = 0; i < written.size(); ++i) {
    const bool escape = written[i] == '%' && i + 2 < written.size() &&
                        digit_of(written[i + 1]) >= 0 && digit_of(written[i + 2]) >= 0;
    result += escape ? static_cast<char>(16 * digit_of(written[i + 1]) + digit_of(written[i + 2]))
                     : written[i];
    if (escape) i += 2;
  }
  return result;
}

std::string_view phrase_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Other";
  }
}

}  // namespace

std::string_view ReceivedHttp::header(std::string_view name) const {
  const auto found = std::find_if(headers.rbegin(), headers.rend(),
                                  [&](const auto& header) { return header.first == name; });
  return found == headers.rend() ? std::string_view() : found->second;
}

bool ReceivedHttp::has(std::string_view name) const {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return header.first == name; });
}

std::vector<std::string> ReceivedHttp::parts() const {
  std::vector<std::string> found;
  std::string_view left(path);
  while (left.starts_with('/')) {
    left.remove_prefix(1);
    const auto end = std::min(left.find('/'), left.size());
    found.push_back(unescaped(left.substr(0, end)));
    left.remove_prefix(end);
  }
  return found;
}

HttpReply refusal_reply(int status, std::string_view written, int retry_after_s) {
  HttpReply reply{status, error_body(written)};
  if (retry_after_s > 0) reply.headers.emplace_back("retry-after", std::to_string(retry_after_s));
  if (status == 401) reply.headers.emplace_back("www-authenticate", "Bearer");
  return reply;
}

std::string head_of(const HttpReply& reply, bool close, bool http_1_1) {
  std::string head = "HTTP/1.1 " + std::to_string(reply.status) + ' ';
  head.append(phrase_of(reply.status));
  head.append("\r\ncontent-type: ").append(reply.content_type);
  head.append("\r\ncontent-length: ").append(std::to_string(reply.body.size())).append("\r\n");
  for (const auto& [name, value] : reply.headers) {
    head.append(name).append(": ").append(value).append("\r\n");
  }
  if (close) head.append("connection: close\r\n");
  if (!close && !http_1_1) head.append("connection: keep-alive\r\n");
  return head.append("\r\n");
}

}  // namespace muxnet
