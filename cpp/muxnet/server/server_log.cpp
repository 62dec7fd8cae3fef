#include "muxnet/server/server_log.hpp"

#include <unistd.h>

#include <chrono>

#include "muxnet/core/json_values.hpp"

namespace muxnet {
namespace {

using Json = nlohmann::ordered_json;

const char* name_of(LogLevel level) {
  if (level == LogLevel::info) return "info";
  return level == LogLevel::warning ? "warning" : "error";
}

/// In one call, so that lines of several threads are not mixed; a log that cannot be written is no
/// reason to serve no more.
void write_line(std::string_view line) { (void)!::write(STDERR_FILENO, line.data(), line.size()); }

}  // namespace

ServerLog::ServerLog(Write write) : write_(write ? std::move(write) : write_line) {}

void ServerLog::tell(LogLevel level, std::string_view event) const { tell(level, event, Json()); }

void ServerLog::tell(LogLevel level, std::string_view event, const Json& fields) const {
  Json line{{"time", now_s()}, {"level", name_of(level)}, {"event", event}};
  if (!fields.is_null()) line.update(fields);
  write_(line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

double now_s() {
  using Milliseconds = std::chrono::milliseconds;
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<double>(std::chrono::duration_cast<Milliseconds>(since).count()) / 1000;
}

}  // namespace muxnet
