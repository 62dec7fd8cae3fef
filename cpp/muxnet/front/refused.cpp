#include "muxnet/front/refused.hpp"

#include <algorithm>

#include "muxnet/core/error.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/core/names.hpp"
#include "muxnet/protocol/request_limits.hpp"

namespace muxnet {

RequestRefused bad_request(std::string_view where, std::string_view expected,
                           std::string_view received) {
  return {400, error_text(where, expected, excerpt(received))};
}

std::string json_text(std::string_view written) {
  using Json = nlohmann::json;
  return Json(std::string(written)).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string error_body(std::string_view written) {
  return "{\"error\":" + json_text(written) + "}";
}

std::string too_large_text(std::uint64_t most_bytes) {
  return error_text("body", text("at most ", most_bytes, " bytes"), "more");
}

bool token_matches(std::string_view header, std::string_view token) {
  constexpr std::string_view scheme = "bearer ";  // in whatever case (RFC 9110, 11.1)
  if (lower(header.substr(0, scheme.size())) != scheme) return false;
  header.remove_prefix(std::min(header.find_first_not_of(' ', scheme.size()), header.size()));
  unsigned differences = header.size() == token.size() ? 0 : 1;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const char given = i < header.size() ? header[i] : '\0';
    differences |= static_cast<unsigned char>(given) ^ static_cast<unsigned char>(token[i]);
  }
  return differences == 0;
}

}  // namespace muxnet
