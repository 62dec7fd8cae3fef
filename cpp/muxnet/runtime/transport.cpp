#include "muxnet/runtime/transport.hpp"

#include <array>

namespace muxnet {

std::string_view name_of(Fault fault) {
  constexpr std::array<std::string_view, 8> names = {
      "none", "unresolved", "unreachable", "cut", "timed_out", "too_large", "untrusted", "other"};
  return names.at(static_cast<std::size_t>(fault));
}

double HttpRequest::size() const {
  constexpr std::string_view line = " HTTP/1.1\r\n\r\n\r\n";
  std::size_t bytes = method.size() + path.size() + line.size() + body.size();
  for (const auto& header : headers) bytes += header.size() + 2;
  return static_cast<double>(bytes);
}

}  // namespace muxnet
